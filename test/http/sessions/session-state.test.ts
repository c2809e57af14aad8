import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { keyFor, startSignInGateway } from '../../support/sign-in.ts'
import { type SignedInBrowser, signInForSession } from '../../support/signed-in.ts'

type Headers = Record<string, string>

describe('GET /auth/session', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  let alice: SignedInBrowser
  beforeAll(async () => {
    context = await startSignInGateway({ ADMIN_EMAILS: 'ada@example.com' })
    alice = await signInForSession(context, 'alice@example.com')
  })
  afterAll(() => context.close())

  test('tells who is signed in and until when, and no more than that', async () => {
    const response = await alice.jar.fetch('/auth/session')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(await json(response)).toStrictEqual({
      user: {
        id: expect.stringMatching(/^usr_/),
        email: 'alice@example.com',
        name: 'Alice Example',
        picture: null,
        role: 'member',
        groups: [],
      },
      session: {
        id: expect.stringMatching(/^ses_/),
        provider: 'google',
        created_at: time,
        expires_at: time,
        idle_expires_at: time,
      },
    })
  })

  test('tells neither a token nor the hash of one, with a key of the person about too', async () => {
    const key = await keyFor(context, 'alice@example.com')
    const text = await (await alice.jar.fetch('/auth/session')).text()
    const hash = createHash('sha256').update(alice.secret)
    for (const secret of [
      alice.secret,
      hash.copy().digest('base64url'),
      hash.digest('hex'),
      key,
      key.split('_')[2] ?? '',
      context.gateway.masterKey,
    ])
      expect(text).not.toContain(secret.slice(0, 16))
    expect(text).not.toMatch(/secret|hash|token|issuer|subject/i)
  })

  test('tells at once what an admin has changed, and when the session began and ends', async () => {
    const { user, session } = await json(await alice.jar.fetch('/auth/session'))
    const day = 86_400_000
    expect(Date.parse(session.expires_at) - Date.parse(session.created_at)).toBe(7 * day)
    const idleMs = Date.parse(session.idle_expires_at) - Date.now()
    expect(Math.abs(idleMs - day / 3)).toBeLessThan(30_000)
    await context.gateway.asAdmin(`/admin/users/${user.id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ groups: ['ops', 'dev'], role: 'admin' }),
    })
    const after = await json(await alice.jar.fetch('/auth/session'))
    expect(after.user).toMatchObject({ groups: ['ops', 'dev'], role: 'admin' })
  })

  test('is 401 as problem+json to whoever is not signed in, also for a browser’s own fetch', async () => {
    for (const headers of [{}, { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' }] as Headers[]) {
      const response = await createCookieJar(context.gateway).fetch('/auth/session', { headers })
      expect(response.status).toBe(401)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="keydesk"/)
      expect(response.headers.getSetCookie()).toEqual([])
      expect(await json(response)).toMatchObject({ status: 401, code: 'unauthenticated' })
    }
  })

  test('opens to no key and to no master key: only a session is one', async () => {
    const key = await keyFor(context, 'alice@example.com')
    for (const headers of [
      { 'x-api-key': key },
      { authorization: `Bearer ${key}` },
      { authorization: `Bearer ${context.gateway.masterKey}` },
      { authorization: `Bearer ${alice.secret}` },
      { cookie: `__Host-keydesk=${key}` },
      { cookie: `__Host-keydesk=${context.gateway.masterKey}` },
    ] as Headers[])
      expect((await context.gateway.fetch('/auth/session', { headers })).status).toBe(401)
  })
})

describe('a session', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  beforeAll(async () => {
    context = await startSignInGateway()
  })
  afterAll(() => context.close())

  test('is no credential for the services behind: /v1/validate takes a key, good or bad, and nothing else', async () => {
    const { jar } = await signInForSession(context, 'alice@example.com')
    expect((await jar.fetch('/v1/validate')).status).toBe(401)
    for (const headers of [
      { 'x-api-key': 'kd_000000000000_'.concat('0'.repeat(59)) },
      { 'x-api-key': '' },
      { authorization: 'Bearer x' },
    ] as Headers[])
      expect((await jar.fetch('/v1/validate', { headers })).status).toBe(401)
  })

  test('comes without a key: signing in by return_to mints none', async () => {
    await signInForSession(context, 'ada@example.com')
    expect(await context.gateway.database.rows('SELECT id FROM api_keys')).toEqual([])
    const { data } = await json(await context.gateway.asAdmin('/admin/audit'))
    expect(data.map(({ action }: { action: string }) => action)).not.toContainEqual(
      expect.stringMatching(/^key\./),
    )
  })

  test('has a log-out control on every page that it opens', async () => {
    const { jar } = await signInForSession(context, 'alice@example.com')
    for (const path of ['/', '/account']) {
      const page = await (await jar.fetch(path, { headers: { accept: 'text/html' } })).text()
      expect(page, path).toMatch(/<form method="post" action="\/auth\/logout">/)
      expect(page, path).toContain('Alice Example')
    }
  })

  test('leaves a line in the audit trail when it begins, with who, from where and by which provider', async () => {
    const { jar } = await signInForSession(context, 'otto@elsewhere.test', {
      headers: { 'user-agent': 'Browser/1.0', 'x-forwarded-for': '198.51.100.7' },
    })
    const { user, session } = await json(await jar.fetch('/auth/session'))
    const { data } = await json(
      await context.gateway.asAdmin(`/admin/audit?action=sign_in.succeeded&actor=user:${user.id}`),
    )
    expect(data).toHaveLength(1)
    expect(data[0]).toMatchObject({
      target: `user:${user.id}`,
      facts: { provider: 'google', session_id: session.id },
      details: { email: 'otto@elsewhere.test', address: '198.51.100.7', user_agent: 'Browser/1.0' },
    })
  })
})
