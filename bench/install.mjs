// Puts the peers into bench/node_modules, apart from the packages milouv itself is built with:
// several hundred megabytes that only who measures needs.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const FIFTEEN_MINUTES = 900_000

// No install scripts: bun's and deno's only move a binary that lib/peers.mjs finds where it lies.
const args = ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund']
const result = spawnSync('npm', args, { cwd: here, stdio: 'inherit', timeout: FIFTEEN_MINUTES })
if (result.status !== 0) {
  const why = result.error?.message ?? `npm ended with status ${result.status}`
  console.error(`the peers were not installed: ${why}\ntry: cd bench && npm ${args.join(' ')}`)
  process.exit(1)
}
