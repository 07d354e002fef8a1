// Makes RESULTS.md and results.svg from what `npm run bench -- --json FILE` has written. Of a
// workload that several files have, the newest counts.
// usage: node bench/report.mjs [--out FOLDER] FILE...
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { writeResults } from './lib/report.mjs'

const options = { out: { type: 'string' } }
const { positionals, values } = parseArgs({ options, allowPositionals: true })
if (positionals.length === 0) {
  console.error('usage: node bench/report.mjs [--out FOLDER] FILE...')
  process.exitCode = 1
} else {
  const runs = positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')))
  console.log(`wrote ${writeResults(runs, values.out).join(', ')}`)
}
