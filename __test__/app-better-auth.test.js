import assert from 'node:assert/strict'
import { testApp } from './support/apps.js'

const somebody = { email: 'somebody@example.com', password: 'a good password', name: 'Somebody' }

function ask(client, path, body, headers = {}) {
  const sent = { origin: client.origin, 'content-type': 'application/json', ...headers }
  const options = { method: 'POST', body: JSON.stringify(body), headers: sent }
  return client.ask(`/api/auth/${path}`, options)
}

const cookieOf = (answer) =>
  answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')

testApp('better-auth', {
  async 'signing up, in and out'(client) {
    assert.deepEqual(await client.json('/api/auth/ok'), [200, { ok: true }])
    const up = await ask(client, 'sign-up/email', somebody)
    assert.equal(up.status, 200)
    const { user } = await up.json()
    assert.deepEqual([user.email, user.name], [somebody.email, somebody.name])
    const twice = await ask(client, 'sign-up/email', somebody)
    assert.equal(twice.status, 422)
    assert.match((await twice.json()).message, /exists/)

    const wrong = await ask(client, 'sign-in/email', { ...somebody, password: 'not this one' })
    assert.equal(wrong.status, 401)
    const signedIn = await ask(client, 'sign-in/email', somebody)
    assert.equal(signedIn.status, 200)
    const cookie = cookieOf(signedIn)
    assert.match(cookie, /better-auth\.session_token=/)

    const [, session] = await client.json('/api/auth/get-session', { headers: { cookie } })
    assert.equal(session.user.email, somebody.email)
    assert.deepEqual(await client.json('/who', { headers: { cookie } }), [200, somebody.email])
    assert.deepEqual(await client.json('/who'), [200, null])

    const changed = await ask(client, 'update-user', { name: 'Else' }, { cookie })
    assert.deepEqual(await changed.json(), { status: true })
    const out = await ask(client, 'sign-out', {}, { cookie })
    assert.deepEqual(await out.json(), { success: true })
    assert.deepEqual(await client.json('/who', { headers: { cookie } }), [200, null])
  },

  async 'what it refuses'(client) {
    const foreign = { origin: 'http://evil.test', cookie: 'a=b' }
    const refused = await ask(client, 'sign-in/email', somebody, foreign)
    assert.equal(refused.status, 403)
    const bad = await ask(client, 'sign-in/email', { email: 'none' })
    assert.equal(bad.status, 400)
    assert.equal((await client.ask('/api/auth/none')).status, 404)
    assert.deepEqual(await client.json('/api/auth/get-session'), [200, null])
  },
})
