import { initTRPC, TRPCError, tracked } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'

const t = initTRPC.context().create({ sse: { ping: { enabled: false } } })

/** The input as it is, when it is a text. */
function text(input) {
  if (typeof input === 'string') return input
  throw new TypeError('a text, please')
}

export const router = t.router({
  greet: t.procedure.input(text).query(({ input }) => `Grüße, ${input}`),
  who: t.procedure.query(({ ctx }) => ctx),
  add: t.procedure.input((input) => input).mutation(({ input }) => ({ sum: input.a + input.b })),
  upload: t.procedure
    .input((input) => input)
    .mutation(async ({ input }) => ({
      text: input.get('text'),
      content: await input.get('file').text(),
    })),
  fail: t.procedure.query(() => {
    throw new TRPCError({ code: 'FORBIDDEN', message: 'not you' })
  }),
  slow: t.procedure
    .input((input) => input)
    .query(async ({ input }) => {
      await new Promise((resolve) => setTimeout(resolve, input))
      return input
    }),
  numbers: t.procedure.query(async function* () {
    for (let at = 0; at < 3; at++) yield at
  }),
  ticks: t.procedure.subscription(async function* ({ signal }) {
    for (let at = 0; at < 3 && !signal.aborted; at++) yield tracked(String(at), { at })
  }),
})

export default {
  fetch: (req) =>
    fetchRequestHandler({
      endpoint: '/trpc',
      allowMethodOverride: true,
      req,
      router,
      createContext: ({ req: request, resHeaders }) => {
        resHeaders.append('set-cookie', 'a=1')
        resHeaders.append('set-cookie', 'b=2')
        return { name: request.headers.get('x-name'), method: request.method }
      },
    }),
}
