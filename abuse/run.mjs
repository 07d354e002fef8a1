// `npm run abuse`: attacks a server in a process of its own and looks at it from outside. All
// attacks on both servers, in their full sizes, take about half an hour and write RELIABILITY.md.
// usage: node abuse/run.mjs [--small] [--servers=milouv,node-http] [--attacks="NAME,NAME"]
//        [--server-core=0] [--client-core=1] [--report=FILE]

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checkMachine, machine, sourceState, stayOnCore } from '../bench/lib/machine.mjs'
import { withOpenFiles } from '../bench/lib/open-files.mjs'
import { attacks } from './attacks/index.mjs'
import { assault } from './lib/assault.mjs'
import { reportOf, verdictOf } from './lib/report.mjs'

const FILES = 20_000
const SERVERS = ['milouv', 'node-http']
const MARK = 'MILOUV_ABUSE_FILES'
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Starts itself again with files enough for the clients; gives how that ended. */
function runWithFiles() {
  const command = [process.execPath, ...process.argv.slice(1)]
  const [program, ...args] = withOpenFiles(command, FILES)
  const env = { ...process.env, [MARK]: '1' }
  return spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1
}

function chosen(all, wanted, nameOf = (one) => one) {
  if (wanted === undefined) return all
  const names = wanted.split(',')
  const unknown = names.filter((name) => !all.some((one) => nameOf(one) === name))
  if (unknown.length > 0) {
    throw new Error(`unknown: ${unknown.join(', ')}; there are: ${all.map(nameOf).join(', ')}`)
  }
  return all.filter((one) => names.includes(nameOf(one)))
}

function options() {
  const { values } = parseArgs({
    options: {
      small: { type: 'boolean', default: false },
      servers: { type: 'string' },
      attacks: { type: 'string' },
      report: { type: 'string' },
      'server-core': { type: 'string', default: '0' },
      'client-core': { type: 'string', default: '1' },
    },
  })
  const cores = {
    serverCore: Number(values['server-core']),
    clientCore: Number(values['client-core']),
  }
  return {
    cores,
    sizes: values.small ? 'small' : 'full',
    servers: chosen(SERVERS, values.servers),
    attacks: chosen(attacks, values.attacks, ({ name }) => name),
    report: values.report,
    isWhole: !values.small && values.servers === undefined && values.attacks === undefined,
  }
}

async function runAttack(attack, { cores, servers, sizes }) {
  const size = attack.sizes[sizes]
  console.log(`\n${attack.name} (${size}): clients ${attack.about}`)
  const outcomes = {}
  for (const server of servers) {
    outcomes[server] = await assault(server, attack, size, cores)
    console.log(`  ${server} ${verdictOf(outcomes[server]).replaceAll('**', '')}`)
  }
  return { attack: attack.name, about: attack.about, size, outcomes }
}

async function main() {
  const chosenOptions = options()
  const { cores, servers, sizes, isWhole } = chosenOptions
  checkMachine(cores)
  stayOnCore(cores.clientCore)
  const results = []
  for (const attack of chosenOptions.attacks) results.push(await runAttack(attack, chosenOptions))
  const { version } = JSON.parse(readFileSync(here('../package.json'), 'utf8'))
  const report = reportOf({
    ...{ results, servers, sizes },
    machine: machine(),
    source: sourceState(),
    versions: `milouv ${version}`,
    found: readFileSync(here('FOUND.md'), 'utf8'),
  })
  const file = chosenOptions.report ?? (isWhole ? here('../RELIABILITY.md') : undefined)
  if (file !== undefined) writeFileSync(file, report)
  const short = results.filter(({ outcomes }) => outcomes.milouv?.good === false)
  console.log(`\n${results.length} attacks; milouv falls short in ${short.length}`)
  process.exitCode = short.length === 0 ? 0 : 1
}

if (process.env[MARK] === undefined) process.exitCode = runWithFiles()
else await main()
