// Every function of the addon that takes a key, called from within every hook, with the key of the
// connection that the hook is about, with the listener's, and with keys that name nothing or
// something else. Whatever it does to its connection, all others go on, and everything comes back.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Response } from 'milouv'
import binding from '../lib/binding.js'
import {
  allCalls,
  call,
  connectionCalls,
  listenerCalls,
  nonsenseKeys,
  notNumbers,
  WITHOUT_KEY,
} from './support/binding-calls.js'
import { playScene, scenes } from './support/hook-scenes.js'
import { request } from './support/raw-client.js'
import { serveRaw } from './support/serve.js'

const names = Object.keys(allCalls)

/** A connection of another server, which must not feel anything. */
async function bystander(t) {
  const { client } = await serveRaw(t, () => new Response('undisturbed'))
  return async () => assert.equal((await client.ask(request('GET /'))).text, 'undisturbed')
}

function* pairs() {
  for (const kind of Object.keys(scenes)) {
    for (const hook of Object.keys(scenes[kind])) yield [kind, hook]
  }
}

test('no function that takes a key is left out', () => {
  const functions = Object.keys(binding).filter((name) => !WITHOUT_KEY.includes(name))
  assert.deepEqual(functions.sort(), [...names].sort())
})

for (const [kind, hook] of pairs()) {
  describe(`within ${hook} of ${kind}`, () => {
    test('each function with the own key', async (t) => {
      const undisturbed = await bystander(t)
      for (const name of names) {
        await playScene(kind, hook, ({ key, listener }) => {
          call(name, name in listenerCalls ? listener : key)
        })
        await undisturbed()
      }
    })

    test('each function behind the end of the connection', async (t) => {
      const undisturbed = await bystander(t)
      await playScene(kind, hook, ({ key }) => {
        call('destroy', key)
        for (const [name, { gone }] of Object.entries(connectionCalls)) {
          // Where its client was is known until the end has been told.
          if (name === 'peerAddress') call(name, key)
          else assert.equal(call(name, key), gone, name)
        }
      })
      await undisturbed()
    })

    test('each function with keys that name nothing', async (t) => {
      const undisturbed = await bystander(t)
      await playScene(kind, hook, ({ key, listener }) => {
        for (const [name, { gone }] of Object.entries(allCalls)) {
          const good = name in listenerCalls ? listener : key
          for (const wrong of nonsenseKeys(good)) {
            assert.equal(call(name, wrong), gone, `${name}(${wrong})`)
          }
        }
      })
      await undisturbed()
    })
  })
}

describe('keys of something else', () => {
  const forHttp = Object.keys(connectionCalls).slice(
    Object.keys(connectionCalls).indexOf('respond'),
  )
  const forRaw = ['writeRaw', 'endRaw', 'pause', 'resume', 'setTimeout']

  for (const [name, functions] of Object.entries({ http: forRaw, raw: forHttp })) {
    test(`of ${name}, given to the functions of the other protocol`, async (t) => {
      const undisturbed = await bystander(t)
      const hook = name === 'http' ? 'onRequest' : 'onData'
      await playScene(name, hook, ({ key }) => {
        const before = call('counters', key)
        for (const each of functions)
          assert.equal(call(each, key), connectionCalls[each].gone, each)
        assert.deepEqual(call('counters', key), before)
      })
      await undisturbed()
    })
  }
})

test('what is no number is refused, and nothing is done', async (t) => {
  const undisturbed = await bystander(t)
  for (const name of names) {
    for (const wrong of notNumbers) {
      assert.throws(() => binding[name](wrong, ...allCalls[name].args), Error, name)
    }
  }
  await undisturbed()
})
