// Every code block of the documents is run: each document from the top, as somebody reads it. A
// block of a kind that nobody has said how to test fails.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { root } from '../scripts/toolchain.mjs'
import { blocksOf } from './documents/blocks.js'
import {
  checkDockerfile,
  checkHaproxy,
  checkHttp,
  checkUnit,
  nginxMissing,
  parseYaml,
  runNginx,
} from './documents/files.js'
import { runNeeding, whyMissing } from './documents/needs.js'
import { checkSyntax, checkTypes, runProgram } from './documents/program.js'
import { Session } from './documents/session.js'
import { commandsOf, runShell } from './documents/shell.js'
import { replay } from './documents/transcript.js'

const markdown = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
const documents = [...markdown('.'), ...markdown('docs')].sort()

function drawing(_t, _session, { text }) {
  assert.match(text, /[\u2500-\u257f]|->/, 'a block that names no language is a drawing')
}

/** @type {Record<string, (t, session, block) => unknown>} */
const rules = {
  '': drawing,
  js: (_t, session, block) => runProgram(session, block),
  ts: (_t, session, block) => checkTypes(session, block),
  sh: (_t, session, block) => runShell(session, block),
  console: (_t, session, block) => replay(session, block),
  // What a tool has printed.
  text: () => undefined,
  json: (_t, _session, { text }) => JSON.parse(text),
  yaml: (_t, _session, { text }) => parseYaml(text),
  http: checkHttp,
  nginx: runNginx,
  haproxy: checkHaproxy,
  systemd: (_t, session, block) => checkUnit(session, block),
  dockerfile: (_t, session, block) => checkDockerfile(session, block),
}

function ruleOf({ language }) {
  assert.ok(Object.hasOwn(rules, language), `no rule for a block of '${language}'`)
  return rules[language]
}

async function check(t, session, block) {
  const rule = ruleOf(block)
  if (block.language === 'nginx' && nginxMissing(block.text))
    return t.skip(nginxMissing(block.text))
  const missing = block.settings.needs.map(whyMissing).find((reason) => reason)
  if (missing) {
    checkSyntax(session, block)
    return t.skip(missing)
  }
  if (block.settings.needs.length > 0) return runNeeding(session, block)
  await rule(t, session, block)
}

for (const document of documents) {
  const blocks = blocksOf(readFileSync(join(root, document), 'utf8'))
  if (blocks.length === 0) continue
  describe(document, () => {
    let session
    before(async () => {
      session = await Session.open()
    })
    after(() => session.close())
    for (const block of blocks) {
      test(`line ${block.line}: ${block.language || 'a drawing'}`, (t) => check(t, session, block))
    }
  })
}

const fenced = (language, text, comment = '') => `${comment}\n\`\`\`${language}\n${text}\n\`\`\`\n`
const server = (port) => `import { HttpServer, Response } from 'milouv'
new HttpServer({ port: ${port} }).listen(() => new Response('hello'))`

// [what is wrong with it, the document]
const faults = [
  ['a language without a rule', fenced('cobol', 'STOP RUN.')],
  ['a program that throws', fenced('js', "import { Nothing } from 'milouv'")],
  ['a server that is not there', fenced('js', 'const app = { listen() {} }\napp.listen(3000)')],
  ['another answer', fenced('js', server(3000), '<!-- test\nGET / => 200 goodbye\n-->')],
  ['an error on stderr', fenced('js', "console.error('oh')")],
  [
    'a wrong type',
    fenced('ts', "import { HttpServer } from 'milouv'\nnew HttpServer({ prot: 1 })"),
  ],
  ['a command that fails', fenced('sh', 'ls /nothing/is/here')],
  ['a script that is not there', fenced('sh', 'npm run nothing')],
  ['a unit with an unknown section', fenced('systemd', '[Units]\nA=b')],
  ['an image of a Node.js that is too old', fenced('dockerfile', 'FROM node:18-slim')],
  ['a field of HTTP without a colon', fenced('http', 'HTTP/1.1 200 OK\nretry-after 2')],
  ['a transcript of what it does not say', fenced('console', '$ node server.js\nI listen')],
  ['JSON with a comment', fenced('json', '// oh\n{}')],
  ['a comment that nobody understands', fenced('js', '', '<!-- test: perhaps -->')],
  ['a comment without a block', '<!-- test: ends -->\nSome words.\n'],
]

describe('a document is refused for', { concurrency: 2 }, () => {
  for (const [what, text] of faults) {
    test(what, async (t) => {
      const session = await Session.open()
      t.after(() => session.close())
      await assert.rejects(async () => {
        for (const block of blocksOf(text)) await check(t, session, block)
      })
    })
  }
})

test('the commands of a block are without comments', () => {
  const text = 'npm start   # so\n\ncurl \\\n  --unix-socket a http://b/#c\n# so\n'
  assert.deepEqual(commandsOf(text), ['npm start', 'curl --unix-socket a http://b/#c'])
})
