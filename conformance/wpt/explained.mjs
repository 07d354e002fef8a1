// Where milouv does otherwise than a test wants and the platform does, and why that stays. A line
// that is worse and not named here fails the run; so does an entry that nothing needs any more.

const NOT_SENT =
  'HTTP does not carry it: a request that came over a socket has what `new Request(url)` has'
const IMMUTABLE = 'the headers of a request that a server received are immutable'
const NO_FRAGMENT = 'a client does not send the fragment of a URL'
const NO_BODY = 'a body of no bytes arrives as none: `body` is null, so it is never used'
const INHERITS =
  "milouv's prototype inherits from the platform's, so that `instanceof` holds there as well " +
  'without a change to the platform'

const api = 'fetch/api/'
const served = (file, test, why) => ({ way: 'served', file: `${api}${file}`, test, why })

const PROTOTYPE =
  /^(Request|Response) interface: existence and properties of interface prototype object$/

/** @type {{ way: string, file: string, test: RegExp, why: string }[]} */
export const explained = [
  { way: 'milouv', file: `${api}idlharness.any.js`, test: PROTOTYPE, why: INHERITS },
  { way: 'headers', file: `${api}idlharness.any.js`, test: PROTOTYPE, why: INHERITS },
  {
    way: 'headers',
    file: `${api}idlharness.any.js`,
    test: /^Headers must be primary interface of new Headers\(\)$/,
    why: INHERITS,
  },
  served('request/request-clone.sub.html', /^Check cloning a request$/, NOT_SENT),
  served('request/request-clone.sub.html', /copies the headers$/, IMMUTABLE),
  served('request/request-consume-empty.any.js', /^Consume empty .* request body as/, NO_BODY),
  served('request/request-headers.any.js', /^Adding valid (no-cors )?request header/, IMMUTABLE),
  served('request/request-headers.any.js', /\[SameObject\]/, IMMUTABLE),
  served(
    'request/request-init-001.sub.html',
    /^Check (referrer|referrerPolicy|mode|credentials|cache|redirect|integrity) init value/,
    NOT_SENT,
  ),
  served('request/request-init-003.sub.html', /initialized from Request$/, NOT_SENT),
  served('request/request-init-003.sub.html', /initialized from url string$/, NO_FRAGMENT),
  served('request/request-init-003.sub.html', /initialized from url and init values$/, NOT_SENT),
  served('request/request-keepalive.any.js', /^keepalive flag$/, NOT_SENT),
]
