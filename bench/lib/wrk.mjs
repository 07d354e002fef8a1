// wrk as the client: its script is written from the workload, its report is read as JSON.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requestBody } from './request.mjs'
import { reportBehind, runProgram } from './run-program.mjs'

const GRACE_MS = 15_000
const MARK = 'MILOUV-BENCH '

// wrk keeps a histogram in whole µs, too coarse for one connection (some 30 µs): the percentile is
// taken inside its bin, as if the bin's values were spread evenly over it. To get at a bin, wrk
// walks through all below it: where they are many, its own percentile has to do, or it would take
// longer than the load.
const REPORT = `
local STEPS = 3e8

local function binsOf(latency)
  if #latency * latency.max > STEPS then return nil end
  local bins = { total = 0 }
  for i = 1, #latency do
    local value, count = latency(i)
    bins[i] = { value = value, count = count }
    bins.total = bins.total + count
  end
  return bins
end

local function within(latency, bins, percent)
  if bins == nil then return latency:percentile(percent) end
  local target, before = bins.total * percent / 100, 0
  for _, bin in ipairs(bins) do
    if before + bin.count >= target then
      return bin.value + (target - before) / bin.count
    end
    before = before + bin.count
  end
  return 0
end

function done(summary, latency, requests)
  local e = summary.errors
  local bins = binsOf(latency)
  local p50, p99 = within(latency, bins, 50), within(latency, bins, 99)
  io.write(string.format(
    '${MARK}{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%.2f,"p99":%.2f,' ..
    '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\\n',
    summary.requests, summary.duration, summary.bytes, p50, p99,
    e.connect, e.read, e.write, e.status, e.timeout))
end
`

// JSON's strings are Lua's here: the workloads hold no control bytes and no \\u escapes.
const lua = (text) => JSON.stringify(text)

function luaOf(workload) {
  const lines = [`wrk.method = ${lua(workload.method)}`, `wrk.path = ${lua(workload.path)}`]
  for (const [name, value] of Object.entries(workload.headers)) {
    lines.push(`wrk.headers[${lua(name)}] = ${lua(value)}`)
  }
  const body = requestBody(workload)
  if (body !== '') lines.push(`wrk.body = ${lua(body)}`)
  if (workload.depth > 1) {
    lines.push(
      'local batch',
      `function init() batch = string.rep(wrk.format(), ${workload.depth}) end`,
      'function request() return batch end',
    )
  }
  return `${lines.join('\n')}\n${REPORT}`
}

/** Writes the workload's script; gives what runs wrk with it, and what tidies up. */
export function clientFor(workload, core) {
  const folder = mkdtempSync(join(tmpdir(), 'milouv-bench-'))
  const file = join(folder, 'workload.lua')
  writeFileSync(file, luaOf(workload))
  const tidy = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', tidy)
  return {
    async load(port, seconds, connections) {
      const url = `http://127.0.0.1:${port}${workload.path}`
      const shape = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`]
      const args = ['-c', String(core), 'wrk', ...shape, '--timeout', '5s', '-s', file, url]
      return reportBehind(MARK, await runProgram('taskset', args, seconds * 1000 + GRACE_MS))
    },
    dispose() {
      process.off('exit', tidy)
      tidy()
    },
  }
}
