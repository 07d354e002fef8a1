import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'

const tables = { user: [], session: [], account: [], verification: [] }

export default {
  fetch(request) {
    const { origin, pathname } = new URL(request.url)
    if (pathname === '/who') return who(authOf(origin), request)
    return authOf(origin).handler(request)
  },
}

let made
/** Made for the address that the first request came to: the port is a free one. */
function authOf(baseURL) {
  made ??= betterAuth({
    baseURL,
    secret: 'a secret of the tests that is long enough',
    database: memoryAdapter(tables),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
  return made
}

/** A page of the app's own, which asks for the session of whoever comes. */
async function who(auth, request) {
  const session = await auth.api.getSession({ headers: request.headers })
  return Response.json(session?.user.email ?? null)
}
