// Results as text.

import { LEVELS, MUST } from './build.mjs'
import { SPLITS } from './splits.mjs'

const [WHOLE] = SPLITS

const unique = (values) => [...new Set(values)]

function score(results, isCounted) {
  const counted = results.filter(isCounted)
  if (counted.length === 0) return '-'
  return `${counted.filter((one) => one.fault === undefined).length}/${counted.length}`
}

const isMust = ({ level }) => level === MUST

/** The same without the faults that only other splits bring out. */
function inOnePiece(results) {
  return results.map((one) => (one.split === WHOLE ? one : { ...one, fault: undefined }))
}

function rowsOf(columns) {
  const [{ results }] = columns
  const groups = unique(results.map(({ test }) => test.group))
  const row = (name, isCounted) => [name, ...columns.map((each) => score(each.results, isCounted))]
  const head = ['', ...columns.map(({ name }) => name)]
  const both = (results, isCounted) => {
    const must = score(results, (one) => isCounted(one) && one.level === MUST)
    return `${must} ${score(results, isCounted).padStart(9)}`
  }
  const grouped = groups.map((name) => [
    name,
    ...columns.map((each) => both(each.results, ({ test }) => test.group === name)),
  ])
  const kinds = ['MUST, all rules', ...columns.map(() => 'MUST       all')]
  return [
    head,
    kinds,
    null,
    ...grouped,
    null,
    ...LEVELS.map((level) => row(level, (one) => one.level === level)),
    row('all', () => true),
    ['MUST, sent in one piece', ...columns.map((each) => score(inOnePiece(each.results), isMust))],
  ]
}

/** @param {{ name: string, results: object[] }[]} columns one for each server */
export function table(columns) {
  const rows = rowsOf(columns)
  const cells = rows.filter((row) => row !== null)
  const widths = cells[0].map((_, at) => Math.max(...cells.map((row) => row[at].length)))
  const line = (row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[at])))
      .join('  ')
  return rows.map((row) => (row === null ? '' : line(row).trimEnd())).join('\n')
}

export function describeFault({ test, level, split, fault }) {
  return `${level.padEnd(6)} ${test.group}: ${test.name} [${test.rfc}] (${split.name}) ${fault}`
}

export const faultsOf = (results) => results.filter(({ fault }) => fault !== undefined)
