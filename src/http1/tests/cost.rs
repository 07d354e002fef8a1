//! What the hot path costs: no allocation, and a time for people to read
//! (`cargo test -p http1 --release --test cost -- --nocapture`).

mod common;

use std::alloc::System;
use std::hint::black_box;
use std::time::Instant;

use common::{DATE, Peer};
use http1::{Config, Connection, OutgoingBody, RequestDecoder};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SMALL: &[u8] = b"GET /path?a=b HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nUser-Agent: bench\r\n\
    Accept: */*\r\nConnection: keep-alive\r\n\r\n";

const BROWSER: &[u8] = b"GET /some/path/of/a/page?query=string&more=yes HTTP/1.1\r\n\
    Host: www.example.com\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n\
    sec-ch-ua: \"Chromium\";v=\"124\", \"Google Chrome\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\n\
    sec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/124.0.0.0 Safari/537.36\r\nAccept: text/html,application/xhtml+xml,application/xml;\
    q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\nSec-Fetch-Site: none\r\n\
    Sec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";

fn exchange(peer: &mut Peer, request: &[u8]) {
    peer.out.clear();
    peer.receive(black_box(request));
    black_box(peer.request());
    black_box(peer.engine.head());
    let headers = "content-type: text/plain\r\nx-powered-by: milouv\r\n";
    let body = OutgoingBody::Full(11);
    let plan = peer.connection.send_head(
        &peer.engine,
        200,
        b"",
        headers.as_bytes(),
        2,
        body,
        &mut peer.out,
        peer.now,
    );
    let _ = black_box(plan.unwrap());
    peer.out.extend_from_slice(b"Hello World");
    assert!(peer.next().is_none());
}

/// Nanoseconds of one exchange, and allocations of all.
fn measure(request: &[u8]) -> (u128, usize) {
    let mut peer = Peer::new(Config::default());
    for _ in 0..1_000 {
        exchange(&mut peer, request);
    }
    let rounds = if cfg!(debug_assertions) { 1_000 } else { 500_000 };
    let before = ALLOCATOR.stats();
    let start = Instant::now();
    for _ in 0..rounds {
        exchange(&mut peer, request);
    }
    let nanoseconds = start.elapsed().as_nanos() / rounds;
    let after = ALLOCATOR.stats();
    let allocations =
        after.allocations + after.reallocations - before.allocations - before.reallocations;
    (nanoseconds, allocations)
}

// One test, since the allocations of all threads are counted together.
#[test]
fn the_hot_path_does_not_allocate() {
    for (name, request) in [("small", SMALL), ("browser's", BROWSER)] {
        // Another thread of the test harness may allocate meanwhile, but not each time.
        let runs: Vec<_> = (0..3).map(|_| measure(request)).collect();
        println!("{name} request and answer, {} bytes: {:?} ns", request.len(), runs);
        assert!(runs.iter().any(|(_, allocations)| *allocations == 0), "{name}: {runs:?}");
    }
    sizes();
    heap();
    the_answer();
}

fn sizes() {
    println!("Connection: {} bytes", size_of::<Connection>());
    println!("RequestDecoder: {} bytes", size_of::<RequestDecoder>());
    assert!(size_of::<Connection>() <= 160);
    assert!(size_of::<RequestDecoder>() <= 32);
}

/// Bytes on the heap, as far as this process is concerned.
fn in_use() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

fn heap() {
    const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                        5\r\nhello\r\n0\r\na:b\r\n\r\n";
    let mut peer = Peer::new(Config::default());
    let busy_then_idle = |peer: &mut Peer| {
        for piece in POST.as_bytes().chunks(7) {
            peer.receive(piece);
        }
        peer.receive(SMALL);
        for _ in 0..2 {
            peer.request();
            peer.out.clear();
            peer.respond("", "");
        }
        assert!(peer.next().is_none() && peer.connection.is_idle());
        in_use()
    };
    // The first time the engine's own buffers grow.
    let before = busy_then_idle(&mut peer);
    assert_eq!(busy_then_idle(&mut peer), before, "an idle connection keeps something");
    peer.receive(&BROWSER[..300]);
    let partial = in_use() - before;
    println!("a half-sent head of 300 bytes: {partial} bytes on the heap");
    assert!(partial < 600);
}

fn the_answer() {
    let mut peer = Peer::new(Config::default());
    exchange(&mut peer, SMALL);
    let expected = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-powered-by: milouv\r\n\
         content-length: 11\r\n{DATE}\r\nHello World"
    );
    assert_eq!(peer.written(), expected);
}
