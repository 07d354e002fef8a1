// The types as one text, as if index.d.ts had all of types/ in itself.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/toolchain.mjs'

const folder = join(root, 'types')
const textOf = (name) => readFileSync(join(folder, name), 'utf8')
const own = (text) => text.replaceAll(/^(?:\/\/\/ .*|import type .*)\n/gm, '')

export const typesText = `/// <reference types="node" />
${readdirSync(folder)
  .sort()
  .map((name) => own(textOf(name)))
  .join('')}`
