/*
 * The floor: what libuv and the kernel ask for a request when nobody does any HTTP.
 *
 * It reads, counts the ends of heads ("\r\n\r\n") and answers each with the same fixed bytes, all
 * answers of one read in one write. It parses nothing, checks nothing, allocates nothing per
 * request. No server can be this; it is the line that the others are measured from.
 *
 * Loaded by Node as an addon (floor.mjs) so that it runs on Node's own loop and Node's own libuv.
 * The two Node-API names are declared here, so that uv.h is all that has to be found.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

extern int napi_get_uv_event_loop(void *env, uv_loop_t **loop);

#define SLAB_BYTES 65536
#define BATCH 64
#define BATCH_BYTES (16 << 20) /* of large answers a batch holds fewer, but one at least */
#define BACKLOG 1024
#define END "\r\n\r\n"
#define END_BYTES 4

typedef struct {
  uv_tcp_t tcp;
  char tail[END_BYTES - 1]; /* the last bytes of the previous read: an end may be split */
  size_t tail_bytes;
} connection_t;

typedef struct {
  uv_write_t request;
  int then_close;
} rest_t;

static char slab[SLAB_BYTES];
static char *batch;
static size_t answer_bytes;
static size_t batch_answers;
static int close_after;
static uv_tcp_t listener;

static void must(int status, const char *what) {
  if (status == 0) return;
  fprintf(stderr, "floor: %s: %s\n", what, uv_strerror(status));
  exit(1);
}

static void on_close(uv_handle_t *handle) { free(handle); }

static void drop(uv_stream_t *stream) {
  if (!uv_is_closing((uv_handle_t *)stream)) uv_close((uv_handle_t *)stream, on_close);
}

static void on_rest_written(uv_write_t *request, int status) {
  rest_t *rest = (rest_t *)request;
  if (status < 0 || rest->then_close) drop(request->handle);
  free(rest);
}

static size_t count(const char *bytes, size_t length) {
  size_t found = 0;
  const char *end = bytes + length;
  while ((bytes = memmem(bytes, end - bytes, END, END_BYTES)) != NULL) {
    found++;
    bytes += END_BYTES;
  }
  return found;
}

static size_t count_ends(connection_t *connection, const char *bytes, size_t length) {
  char seam[2 * (END_BYTES - 1)];
  size_t found = count(bytes, length);
  size_t first = length < END_BYTES - 1 ? length : END_BYTES - 1;
  size_t kept = connection->tail_bytes;
  memcpy(seam, connection->tail, kept);
  memcpy(seam + kept, bytes, first);
  /* A piece of three bytes cannot hold an end of four: what the seam holds spans both reads. */
  if (kept != 0) found += count(seam, kept + first);
  if (length >= END_BYTES - 1) {
    memcpy(connection->tail, bytes + length - (END_BYTES - 1), END_BYTES - 1);
    connection->tail_bytes = END_BYTES - 1;
    return found;
  }
  size_t joined = kept + length;
  size_t skip = joined > END_BYTES - 1 ? joined - (END_BYTES - 1) : 0;
  memcpy(connection->tail, seam + skip, joined - skip);
  connection->tail_bytes = joined - skip;
  return found;
}

static void answer(uv_stream_t *stream, size_t times, int then_close) {
  uv_buf_t buffer = uv_buf_init(batch, times * answer_bytes);
  int written = uv_try_write(stream, &buffer, 1);
  if (written < 0 && written != UV_EAGAIN) {
    drop(stream);
    return;
  }
  size_t done = written < 0 ? 0 : (size_t)written;
  if (done == buffer.len) {
    if (then_close) drop(stream);
    return;
  }
  /* The batch lives as long as the process, so that the rest can be written from where it is. */
  rest_t *rest = malloc(sizeof(*rest));
  rest->then_close = then_close;
  buffer = uv_buf_init(batch + done, buffer.len - done);
  if (uv_write(&rest->request, stream, &buffer, 1, on_rest_written) != 0) {
    free(rest);
    drop(stream);
  }
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
  (void)handle;
  (void)wanted;
  *buffer = uv_buf_init(slab, SLAB_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
  if (length == 0) return;
  if (length < 0) {
    drop(stream);
    return;
  }
  size_t ends = count_ends((connection_t *)stream, buffer->base, (size_t)length);
  while (ends > 0 && !uv_is_closing((uv_handle_t *)stream)) {
    size_t times = ends < batch_answers ? ends : batch_answers;
    ends -= times;
    answer(stream, times, close_after && ends == 0);
  }
}

static void on_connection(uv_stream_t *server, int status) {
  if (status < 0) return;
  connection_t *connection = malloc(sizeof(*connection));
  connection->tail_bytes = 0;
  must(uv_tcp_init(server->loop, &connection->tcp), "uv_tcp_init");
  if (uv_accept(server, (uv_stream_t *)&connection->tcp) != 0) {
    drop((uv_stream_t *)&connection->tcp);
    return;
  }
  uv_tcp_nodelay(&connection->tcp, 1);
  uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read);
}

static void prepare_answer(void) {
  const char *one = getenv("FLOOR_ANSWER");
  const char *closing = getenv("FLOOR_CLOSE");
  if (one == NULL) must(UV_EINVAL, "FLOOR_ANSWER");
  answer_bytes = strlen(one);
  close_after = closing != NULL && closing[0] == '1';
  batch_answers = BATCH;
  while (batch_answers > 1 && batch_answers * answer_bytes > BATCH_BYTES) batch_answers /= 2;
  batch = malloc(answer_bytes * batch_answers);
  for (size_t i = 0; i < batch_answers; i++) memcpy(batch + i * answer_bytes, one, answer_bytes);
}

void *napi_register_module_v1(void *env, void *exports) {
  uv_loop_t *loop;
  struct sockaddr_in address;
  int address_bytes = sizeof(address);
  prepare_answer();
  must(napi_get_uv_event_loop(env, &loop) == 0 ? 0 : UV_EINVAL, "napi_get_uv_event_loop");
  must(uv_ip4_addr("127.0.0.1", 0, &address), "uv_ip4_addr");
  must(uv_tcp_init(loop, &listener), "uv_tcp_init");
  must(uv_tcp_bind(&listener, (struct sockaddr *)&address, 0), "uv_tcp_bind");
  must(uv_listen((uv_stream_t *)&listener, BACKLOG, on_connection), "uv_listen");
  must(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &address_bytes), "getsockname");
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);
  return exports;
}
