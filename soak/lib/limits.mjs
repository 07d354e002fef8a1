// What server and clients have to agree upon.

/** Short, so that a soak of minutes has many run out; undici leaves an idle connection at 4 s. */
export const TIMEOUTS = { headers: 3_000, receive: 5_000, send: 10_000, idle: 6_000 }

/** A client that is not closed by then has been forgotten. */
export const FORGOTTEN_MS = 20_000
