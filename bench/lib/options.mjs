import { parseArgs } from 'node:util'

export const HELP = `npm run bench -- [options]

  --rounds N         rounds of every workload (5; of the guard 7)
  --seconds N        timed seconds of a server in a round (4)
  --warmup N         seconds before them that are not counted (1)
  --servers a,b      only these (all that are here)
  --workloads a,b    only these, by name or group (all)
  --nodes 20,22      the Nodes of hello-native, got from the npm registry (the one that runs)
  --connections N    instead of each workload's own number
  --server-core N    the core servers run on (0)
  --client-core N    the core clients and the bench run on (1)
  --json FILE        all samples and figures as JSON, written after every workload
  --results          bench/RESULTS.md and results.svg from this run; from several runs:
                     node bench/report.mjs FILE...
  --guard [REV]      against an earlier commit (HEAD, or HEAD~1 when nothing has changed since)
  --list             the names of servers and workloads, and about how long they take
  --help`

const OPTIONS = {
  rounds: { type: 'string' },
  seconds: { type: 'string', default: '4' },
  warmup: { type: 'string', default: '1' },
  servers: { type: 'string' },
  workloads: { type: 'string' },
  nodes: { type: 'string' },
  connections: { type: 'string' },
  'server-core': { type: 'string', default: '0' },
  'client-core': { type: 'string', default: '1' },
  json: { type: 'string' },
  results: { type: 'boolean', default: false },
  guard: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
}

function whole(values, name, least, most) {
  const number = Number(values[name])
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw new Error(`--${name} takes a whole number from ${least} to ${most}, not ${values[name]}`)
}

const parts = (text) => text.split(',').map((part) => part.trim())

/** The named ones of a list, in the list's order; throws at a name it does not have. */
function pick(values, name, list) {
  if (values[name] === undefined) return list
  const names = parts(values[name])
  const has = (item, wanted) => item.name === wanted || item.group === wanted
  for (const wanted of names) {
    if (list.some((item) => has(item, wanted))) continue
    const groups = new Set(list.map((item) => item.group).filter(Boolean))
    const known = [...groups, ...list.map((item) => item.name)].join(', ')
    throw new Error(`--${name}: no ${wanted}; there are: ${known}`)
  }
  return list.filter((item) => names.some((wanted) => has(item, wanted)))
}

function lines(text) {
  const names = parts(text)
  const wrong = names.find((name) => !/^\d{2}$/.test(name))
  if (wrong !== undefined) throw new Error(`--nodes takes numbers such as 20,22, not ${wrong}`)
  return names
}

export function readOptions(args, servers, workloads) {
  const { positionals, values } = parseArgs({
    args,
    options: OPTIONS,
    strict: true,
    allowPositionals: true,
  })
  if (positionals.length > (values.guard ? 1 : 0)) {
    throw new Error(`no such argument: ${positionals.at(-1)}; --help lists what there is`)
  }
  values.rounds ??= values.guard ? '7' : '5'
  return {
    rounds: whole(values, 'rounds', 1, 1000),
    seconds: whole(values, 'seconds', 1, 600),
    warmup: whole(values, 'warmup', 0, 60),
    connections: values.connections && whole(values, 'connections', 1, 10_000),
    serverCore: whole(values, 'server-core', 0, 1023),
    clientCore: whole(values, 'client-core', 0, 1023),
    servers: pick(values, 'servers', servers),
    namedServers: values.servers !== undefined,
    workloads: pick(values, 'workloads', workloads),
    nodes: values.nodes === undefined ? undefined : lines(values.nodes),
    json: values.json,
    results: values.results,
    guard: values.guard,
    revision: positionals[0],
    list: values.list,
    help: values.help,
  }
}
