import { nodeOfLine } from '../../scripts/node-lines.mjs'

/** The Nodes of release lines; without any, the one that runs this. */
export function nodesOf(lines, pathOf = nodeOfLine) {
  const [major] = process.versions.node.split('.')
  if (lines === undefined) return [{ line: major, path: process.execPath }]
  return lines.map((line) => ({ line, path: pathOf(line) }))
}
