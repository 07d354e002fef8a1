// `npm run conformance [-- host:port] [--verbose] [--only TEXT] [--server NAME]`

import { parseArgs } from 'node:util'
import { cases } from './cases/index.mjs'
import { MUST } from './lib/build.mjs'
import { describeFault, faultsOf, table } from './lib/report.mjs'
import { knownServers, startServer } from './lib/start.mjs'
import { runSuite } from './lib/suite.mjs'

const HELP = `npm run conformance -- [host:port] [options]

Plays the rules of RFC 9110 and 9112 against a server that behaves as conformance/README.md says;
without host:port against milouv, node:http and uWebSockets.js. Ends with 1 when milouv, or the
server named, breaks a MUST, with 2 when something is wrong here.

  --verbose        list every rule that is broken
  --only TEXT      only cases whose group or name has TEXT
  --server NAME    only this one of the known servers`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    verbose: { type: 'boolean' },
    only: { type: 'string' },
    server: { type: 'string' },
    help: { type: 'boolean' },
  },
})

function given(text) {
  const { hostname, port } = new URL(`http://${text}`)
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }
  return { name: text, start: async () => ({ address, stop: async () => {}, died: () => false }) }
}

function serversToTest() {
  if (positionals.length > 0) return positionals.map(given)
  const known = knownServers().filter(({ name }) => !values.server || name === values.server)
  if (known.length === 0) throw new Error(`no server is called ${values.server}`)
  return known.map((server) => ({ name: server.name, start: () => startServer(server) }))
}

async function measure({ name, start }, chosen) {
  const server = await start()
  try {
    const started = performance.now()
    const results = await runSuite(server.address, chosen)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(
      `${name}: ${chosen.length} cases in ${seconds} s${server.died() ? '; it died' : ''}`,
    )
    if (server.died()) throw new Error(`${name} died:\n${server.errors()}`)
    return { name, results }
  } finally {
    await server.stop()
  }
}

async function main() {
  if (values.help) return console.log(HELP)
  const wanted = (values.only ?? '').toLowerCase()
  const chosen = cases.filter((test) =>
    `${test.group}: ${test.name}`.toLowerCase().includes(wanted),
  )
  if (chosen.length === 0) throw new Error(`no case has ${JSON.stringify(values.only)}`)
  const columns = []
  // One after the other: they would take the processor from each other.
  for (const server of serversToTest()) columns.push(await measure(server, chosen))
  for (const { name, results } of values.verbose ? columns : []) {
    console.log(`\n${name}`)
    for (const result of faultsOf(results)) console.log(`  ${describeFault(result)}`)
  }
  console.log(`\n${table(columns)}`)
  const broken = faultsOf(columns[0].results).filter(({ level }) => level === MUST)
  if (broken.length > 0) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  console.error(`conformance: ${error.message}`)
  process.exitCode = 2
}
