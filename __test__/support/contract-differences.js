// Where the peers do not keep the contract: by server and case, what the case's failure says. A
// peer that mends one makes the suite fail, so that the list stays true.

/** The connection was broken off instead of an answer. */
const BROKEN_OFF = /fetch failed|ECONNRESET|other side closed|terminated|ended before/
const HANGS = /nothing happens any more/
/** Every body that is no text is sent as one. */
const CALLED_TEXT = /\+ 'text\/plain; ?charset=UTF-8'/

/** What is so with whatever stands on node:http. */
const nodeHttp = {
  'bodies: a GET with a body': /\+ {3}''/,
  // There is one, and it is empty.
  'bodies: no body where there might be one': /\+ {3}\{\}/,
  // The rest of the upload is neither read nor refused.
  'uploads: a body that is cancelled': /fetch failed|nothing happens/,
  'streams: a stream of what are no bytes fails': /AssertionError.*: text/,
  // What fetch has decoded is still called gzip.
  'handoff: an answer that fetch got, and had decoded': /terminated|nothing happens/,
  'handoff: an answer that fetch had decoded, in a new Response': /terminated|nothing happens/,
  // fetch refuses the transfer-encoding of the request it gets.
  'handoff: an upload in chunks goes on by fetch': /status 500/,
  // The connection goes on, out of step.
  'framing: a length that is wrong is no whole answer': HANGS,
  'wire: a client that has sent all and ends its side gets its answer': BROKEN_OFF,
}

/** What the thin fetch face of the tests leaves out, besides. */
const face = {
  ...nodeHttp,
  // The platform's Request does not take the method.
  'requests: TRACE reaches the handler': /SyntaxError/,
  'requests: a Host that is none is refused': /200 !== 400/,
  'responses: one Response for many requests': /'' !== 'kept'/,
  'streams: a client that leaves cancels the stream': /'cancelled'/,
  'streams: a client that leaves ends a generator': /'over'/,
  'streams: HEAD cancels the stream': HANGS,
  "streams: a cancel that fails is nobody else's trouble": HANGS,
  'aborts: an answer for a client that has left is dropped, and its stream cancelled': /cancelled/,
  'framing: the length of what is whole is told': /null !== '4'/,
  'framing: HTTP/1.0 keeps the connection when it is asked to': /'close'/,
}

const hono = {
  ...nodeHttp,
  'requests: a Host that is none is refused': /500 !== 400/,
  'requests: HTTP/1.0 needs no Host': /500 !== 200/,
  // A clone is of another class than the Request that is put in the global's place.
  'requests: request, headers and signal are instances of their classes': /\+ {3}false/,
  'requests: util.inspect shows what came': /x-seen/,
  'bodies: bytes()': /'Uint8Array'/,
  ...Object.fromEntries(
    [
      'bytes',
      'some of the bytes',
      'an ArrayBuffer',
      'a DataView',
      'wider numbers',
      'a Buffer',
      'many bytes',
      'a Blob',
      'a Blob without a type',
      'a File',
      'a stream',
      'a generator',
      'a stream of Node',
    ].map((kind) => [`kinds: ${kind}`, CALLED_TEXT]),
  ),
  // Its Response keeps what it was given until it is sent, and looks at it only then.
  'kinds: bytes that change when the Response is made': /'xb' !== 'ab'/,
  'responses: what Response refuses': /\+ {3}'nothing'/,
  'responses: headers that are changed before the answer goes out': /'too late'/,
  'responses: one Headers for two Responses': /'first'/,
  'responses: a status without a body has none': /'chunked'/,
  // The reason is never sent.
  'responses: the reason': /'Not Found'/,
  'responses: a Response made of another': /'Accepted'/,
  'realms: a ponyfill with a stream': /'Non-Authoritative Information'/,
  'responses: headers in every form': /'caf\u00c3\u00a9'/,
  'responses: instances of Response': /\+ {3}false/,
  'streams: HEAD cancels the stream': /'cancelled'/,
  'realms: a Response of another realm': /500/,
  'errors: an error handler that fails too is a 500': HANGS,
  'nothing was left unhandled': /on purpose, too/,
  // The reason is a text.
  'aborts: a client that leaves aborts it, once': /false/,
  'aborts: the reason is an AbortError': /null/,
  'framing: a handler may ask for chunks of what is text': /framed twice/,
}

const srvx = {
  ...nodeHttp,
  'requests: the url has the Host, as a URL has it': /example\.com:80/,
  'requests: a Host that is none is refused': /200 !== 400/,
  'requests: headers are looked up in any case, combined and sorted': /false/,
  'bodies: a mark at the beginning is no text, and what is no UTF-8 is replaced': /AssertionError/,
  'bodies: what was read cannot be cloned': /'cloned' !== true/,
  'responses: a status without a body has none': /'chunked'/,
  'responses: the reason': /HTTP\/1\.1 404 \\r/,
  'responses: one Response for many requests': BROKEN_OFF,
  'responses: headers that are changed between two requests': BROKEN_OFF,
  'responses: what is spent or none is a 500, and nobody waits': BROKEN_OFF,
  'realms: a Response of another realm': BROKEN_OFF,
  'realms: a promise of another realm, and what is only like one': /'' !== 'kept'/,
  // The platform's Request does not take srvx's; its FastRequest is no global.
  'handoff: new Request(request)': /status 500/,
  'handoff: new Request(request) of a GET': /status 500/,
  'handoff: new Request(request, init)': /status 500/,
  'handoff: a stream in place of the body': /status 500/,
  'handoff: a request that was read, with another body': /status 500/,
  "handoff: a class of one's own": /status 500/,
  'handoff: fetch of the very request, once more': /status 500/,
  'aborts: the signals of a clone and of a copy follow': /'begun'/,
  'aborts: the reason is an AbortError': /'Error'/,
  'framing: the length of what is whole is told': /null !== '4'/,
  'framing: HTTP/1.0 keeps the connection when it is asked to': /'close'/,
}

export const differences = {
  'node:http': face,
  '@hono/node-server': hono,
  srvx,
}
