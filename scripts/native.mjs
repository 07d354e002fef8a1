// What a build of the addon needs from the machine: cargo, a C compiler, pkg-config, libclang.

import { aptInstall, ensureLibclang } from './libclang.mjs'
import { SetupError, which } from './toolchain.mjs'

function ensureProgram(program, why, mend) {
  if (which(program) === null) throw new SetupError(`${program} is missing`, why, mend)
}

/** Without pkg-config, libuv-sys2 compiles a private libuv into the addon and says nothing. */
function ensurePkgConfig() {
  if (which('pkg-config') !== null) return
  console.log('milouv: pkg-config is missing; getting the Debian package pkg-config')
  aptInstall(['pkg-config'])
  ensureProgram(
    'pkg-config',
    "libuv-sys2 asks it for libuv's whereabouts; apt-get could not install it",
    'sudo apt-get update && sudo apt-get install -y pkg-config',
  )
}

/** Makes sure of all four, installing what can be installed; throws a SetupError otherwise. */
export function ensureNative() {
  ensureProgram('cargo', 'milouv is written in Rust', 'install Rust: https://rustup.rs')
  // On Windows the linker is that of Visual Studio, and no libuv of another can get in: see
  // src/uv/host_symbols.rs.
  if (process.platform !== 'win32') {
    ensureProgram('gcc', 'it links the addon', 'sudo apt-get install -y gcc libc6-dev')
    ensurePkgConfig()
  }
  ensureLibclang()
}
