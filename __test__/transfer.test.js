// Long bodies both ways, every byte verified, beside node:http in the same run, and the same over a
// raw connection. The rates are printed, not judged (bench/transfer.mjs measures better).
// MILOUV_TRANSFER_BYTES sets another size than the short default; above 4 GiB it also shows that
// counters have more than 32 bits.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { InboundTcpSocket } from 'milouv'
import { LongCheck } from './support/long-bytes.js'
import { deferred } from './support/serve.js'
import { download, open, sendBytes, startStreaming, upload } from './support/streaming-clients.js'

const TOTAL = Number(process.env.MILOUV_TRANSFER_BYTES ?? 128 * 1024 * 1024)

describe(`${TOTAL} bytes`, () => {
  for (const [name, transfer] of Object.entries({ upload, download })) {
    test(name, async (t) => {
      const rates = []
      for (const kind of ['milouv', 'node:http']) {
        const { port, program } = await startStreaming(t, { kind })
        const { length, wrong, seconds } = await transfer(t, port, TOTAL)
        assert.deepEqual({ length, wrong }, { length: TOTAL, wrong: -1 }, kind)
        rates.push(`${kind} ${(TOTAL / seconds / 1e6).toFixed(0)} MB/s`)
        await program.kill()
      }
      t.diagnostic(`${name}: ${rates.join(', ')}`)
    })
  }

  test('there and back over a raw connection, counted', async (t) => {
    const closed = deferred()
    const socket = new InboundTcpSocket().listen({
      data(connection, bytes) {
        if (!connection.write(bytes)) connection.pause()
      },
      drain: (connection) => connection.resume(),
      end: (connection) => connection.end(),
      close: ({ bytesRead, bytesWritten }, error) =>
        closed.resolve({ bytesRead, bytesWritten, error }),
    })
    t.after(() => socket.close())
    const client = await open(t, socket.port)
    const check = new LongCheck()
    client.on('data', (bytes) => check.take(bytes))
    await sendBytes(client, TOTAL)
    client.end()
    assert.deepEqual(await closed.promise, {
      bytesRead: TOTAL,
      bytesWritten: TOTAL,
      error: undefined,
    })
    await once(client, 'close')
    assert.deepEqual([check.length, check.wrong], [TOTAL, -1])
  })
})
