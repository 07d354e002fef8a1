// The programs of others that tests talk to. What is missing is installed where that can be done
// without asking anybody (root, apt-get); otherwise the test is skipped and says what would help.

import { spawnSync } from 'node:child_process'
import { which } from '../../scripts/toolchain.mjs'

const PACKAGES = {
  curl: 'curl',
  wrk: 'wrk',
  ab: 'apache2-utils',
  nginx: 'nginx',
  'ngx_stream_module.so': 'libnginx-mod-stream',
  haproxy: 'haproxy',
  'nc.openbsd': 'netcat-openbsd',
}
const FOLDERS = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/sbin:/usr/lib/nginx/modules`
// Packages of servers start them when they are installed, except in the single-user run level.
const ENVIRONMENT = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }

function apt(...args) {
  const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120']
  const result = spawnSync('apt-get', [...options, ...args], { env: ENVIRONMENT })
  return result.status === 0
}

function install(name) {
  if (process.getuid?.() !== 0 || which('apt-get') === null) return
  const wanted = ['install', '--no-install-recommends', PACKAGES[name]]
  // The lists of a fresh machine are empty or old.
  if (!apt(...wanted) && apt('update')) apt(...wanted)
}

/**
 * Where a program is, or why the tests that need it are skipped.
 * @param {keyof typeof PACKAGES} name
 * @returns {{ path: string, skip: false } | { path: null, skip: string }}
 */
export function tool(name) {
  if (which(name, FOLDERS) === null) install(name)
  const path = which(name, FOLDERS)
  if (path !== null) return { path, skip: false }
  const mend = `apt-get install ${PACKAGES[name]}`
  return { path: null, skip: `${name} is missing and could not be installed; mend: ${mend}` }
}
