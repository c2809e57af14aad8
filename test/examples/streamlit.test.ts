import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../support/json.ts'
import { webSocketHeaders } from '../support/proxies/ask.ts'
import { type ProtectedApp, startProtectedApp } from '../support/proxies/protected-app.ts'
import { describeBehind } from '../support/proxies/proxy-process.ts'
import { describeInPython, runPython, runUnittest, startUvicorn } from '../support/python.ts'
import { signInForSession } from '../support/signed-in.ts'

/** What app.py does with the headers of a WebSocket, without Streamlit. */
const readUser = `
import json, sys
from auth import NotSignedIn, SignedInUsers
from signing_keys import SigningKeys

url, issuer, origin = sys.argv[1:]
try:
    print(SignedInUsers(issuer, origin, SigningKeys(url)).read(json.load(sys.stdin)))
except NotSignedIn as refused:
    print("refused:", refused)
`

/** What app.py does when it calls in its own name. */
const callAsApp = `
import sys, httpx
from api_client import AppJwt

url, service = sys.argv[1:]
app = AppJwt(httpx.Client(), url, sys.stdin.read(), "fastapi")
answers = [app.get(service + "/jwt/reports").status_code]
# As it is when the first one has ended.
app._token = "an.old.one"
answers.append(app.get(service + "/jwt/reports").status_code)
print(answers)
`

describeInPython('the tests that the Streamlit example brings along', () => {
  test('pass', async () => {
    expect(await runUnittest('streamlit')).toMatch(/^OK$/m)
  })
})

describe('the Caddyfile of the Streamlit example', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const example = read('examples/streamlit/Caddyfile')

  test('is that of deploy/, but for the site of the app', () => {
    const isTheAppItself = /^[a-z]+\.example\.com \{\n\troute \{[\s\S]*?\n\}\n/m
    const [shipped, ours] = [read('deploy/caddy/Caddyfile'), example].map((text) => {
      expect(text).toMatch(isTheAppItself)
      return text.slice(text.indexOf('{\n')).replace(isTheAppItself, '')
    })
    expect(ours).toBe(shipped)
  })

  test('asks Keydesk before the app, for everything', () => {
    const [, site = ''] = /^dashboard\.example\.com \{\n([\s\S]*?)\n\}$/m.exec(example) ?? []
    const lines = site.split('\n').map((line) => line.trim())
    expect(lines.slice(0, 3)).toEqual(['route {', 'import keydesk', 'reverse_proxy 127.0.0.1:8501 {'])
  })
})

describeBehind(['caddy'], 'the Streamlit example behind Caddy', () => {
  describeInPython('with Keydesk', () => {
    let it: ProtectedApp
    let handshake: Record<string, string>
    beforeAll(async () => {
      it = await startProtectedApp('caddy', { settings: { JWT_AUDIENCES: 'fastapi' } })
      const { appSecret } = await signInForSession(it, 'alice@example.com')
      const cookie = `__Secure-keydesk-app=${appSecret}`
      const answer = await it.ask('/_stcore/stream', { headers: [...webSocketHeaders, ['Cookie', cookie]] })
      expect(answer.status).toBe(101)
      handshake = Object.fromEntries(it.app.received.at(-1)?.headers ?? [])
    })
    afterAll(() => it?.close())

    const userOf = (headers: Record<string, string>, origin = it.appUrl) =>
      runPython('streamlit', readUser, [it.gateway.url, it.keysUrl, origin], JSON.stringify(headers))

    test('the headers of a WebSocket say who is at the page, as Keydesk has signed it', async () => {
      const user = await userOf(handshake)
      expect(user).toMatch(
        /^User\(id='usr_\w+', email='alice@example.com', name='Alice Example', role='member'/,
      )
    })

    test('headers that say something else, or none at all, are nobody', async () => {
      expect(await userOf({})).toMatch(/^refused: /)
      expect(await userOf({ ...handshake, 'X-Auth-Request-Role': 'admin' })).toMatch(/^refused: /)
      expect(await userOf(handshake, 'https://other.corp.test')).toMatch(/^refused: /)
    })

    test('the user’s JWT opens the FastAPI example where it lists the app’s origin, and only there', async () => {
      const authorization = `Bearer ${handshake['X-Auth-Request-Jwt']}`
      const settings = { KEYDESK_URL: it.gateway.url, KEYDESK_ISSUER: it.keysUrl }
      const listed = await startUvicorn('fastapi', { ...settings, AUDIENCES: `fastapi,${it.appUrl}` })
      const answer = await listed.fetch('/jwt/me', { authorization })
      expect(answer.status).toBe(200)
      expect(await json(answer)).toMatchObject({ email: 'alice@example.com', roles: ['member'] })
      // A session carries no scopes.
      expect((await listed.fetch('/jwt/reports', { authorization })).status).toBe(403)
      const unlisted = await startUvicorn('fastapi', settings)
      expect((await unlisted.fetch('/jwt/me', { authorization })).status).toBe(401)
      await Promise.all([listed.close(), unlisted.close()])
    })

    test('the app’s own JWT comes from its key, and is renewed once when it is refused', async () => {
      const settings = { KEYDESK_URL: it.gateway.url, KEYDESK_ISSUER: it.keysUrl }
      const service = await startUvicorn('fastapi', settings)
      const key = await it.desk.mint({ scopes: ['reports:read'] })
      const parameters = [it.gateway.url, service.url]
      expect(await runPython('streamlit', callAsApp, parameters, key)).toBe('[200, 200]')
      await service.close()
    })
  })
})
