// Long bodies both ways, every byte verified, beside node:http in the same run. The rates are
// printed, not judged: MILOUV_TRANSFER_BYTES sets another size than the short default.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { download, startStreaming, upload } from './support/streaming-clients.js'

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
})
