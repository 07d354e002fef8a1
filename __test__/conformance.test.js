// Every rule of the conformance suite on milouv, in every split of the bytes; and that the suite
// can find fault.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { cases } from '../conformance/cases/index.mjs'
import { describeFault, faultsOf, table } from '../conformance/lib/report.mjs'
import { startServer } from '../conformance/lib/start.mjs'
import { runSuite } from '../conformance/lib/suite.mjs'

const groups = [...new Set(cases.map(({ group }) => group))]

describe('milouv conforms', () => {
  let server
  before(async () => {
    server = await startServer({ file: 'milouv.mjs' })
  })
  after(() => server.stop())

  for (const group of groups) {
    test(group, async () => {
      const results = await runSuite(
        server.address,
        cases.filter((each) => each.group === group),
      )
      assert.deepEqual(faultsOf(results).map(describeFault), [])
      assert.equal(server.died(), false, server.errors())
    })
  }
})

describe('the suite', () => {
  test('names no case twice', () => {
    const names = cases.map(({ group, name }) => `${group}: ${name}`)
    const twice = names.filter((name, at) => names.indexOf(name) !== at)
    assert.deepEqual(twice, [])
  })

  test('has no rule that every server keeps', async (t) => {
    // One answer to whatever comes, and one that never comes: no rule may hold for both.
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-seen: GET /hidden\r\n\r\n'
    const results = []
    for (const behave of [(socket) => socket.end(answer), (socket) => socket.end()]) {
      const server = createServer((socket) => {
        socket.on('error', () => {}).resume()
        behave(socket)
      })
      t.after(() => server.close())
      await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = { host: '127.0.0.1', port: server.address().port }
      results.push(await runSuite(address, cases))
    }
    const [answering, leaving] = results
    const kept = answering.filter((one, at) => !one.fault && !leaving[at].fault)
    assert.deepEqual(
      kept.map(({ test: each }) => each.name),
      [],
    )
  })

  test('prints a table', async () => {
    const [first, second] = cases
    const results = [
      { test: first, level: 'MUST' },
      { test: second, level: 'MUST', fault: 'none', split: {} },
      { test: second, level: 'own' },
    ]
    const text = table([{ name: 'one', results }])
    assert.match(text, /^methods +1\/2 +2\/3$/m)
    assert.match(text, /^MUST +1\/2$/m)
    assert.match(text, /^all +2\/3$/m)
  })
})
