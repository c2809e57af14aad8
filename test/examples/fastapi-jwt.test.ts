import { type CryptoKey, exportSPKI, generateKeyPair, generateSecret, importJWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ExampleIssuer, startExampleIssuer } from '../support/example-issuer.ts'
import { json } from '../support/json.ts'
import { freePort } from '../support/keydesk-process.ts'
import { describeInPython, type PythonService, runUnittest, startUvicorn } from '../support/python.ts'
import { sendRaw } from '../support/raw-request.ts'

describeInPython('the FastAPI example, asked with a JWT', () => {
  let issuer: ExampleIssuer
  let service: PythonService
  beforeAll(async () => {
    issuer = await startExampleIssuer()
    const AUDIENCES = 'fastapi, https://dashboard.acme.test'
    service = await startUvicorn('fastapi', { KEYDESK_URL: issuer.url, AUDIENCES })
  })
  afterAll(async () => {
    await service?.close()
    await issuer?.close()
  })
  const ask = (token: string, path = '/jwt/reports') =>
    service.fetch(path, { authorization: `Bearer ${token}` })
  const statusOf = async (token: string, path?: string) => (await ask(token, path)).status
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

  test('a good one passes, and the route knows whose it is', async () => {
    const answer = await ask(await issuer.sign())
    expect(answer.status).toBe(200)
    expect(await json(answer)).toEqual({
      user_id: 'user-1',
      method: 'jwt',
      email: 'ada@example.com',
      name: 'Ada Zoë',
      roles: ['user', 'finance'],
      scopes: ['reports:read', 'reports:write'],
    })
  })

  test('each audience of the list is taken, alone or among others', async () => {
    for (const aud of ['https://dashboard.acme.test', ['elsewhere', 'fastapi']])
      expect(await statusOf(await issuer.sign({ aud }))).toBe(200)
  })

  test('none at all is 401 with a bare challenge', async () => {
    const answer = await service.fetch('/jwt/me')
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  test.each([
    ['expired', { exp: inSeconds(-60), iat: inSeconds(-360) }],
    ['of the future', { iat: inSeconds(600), exp: inSeconds(900) }],
    ['for another audience', { aud: 'billing' }],
    ['for an audience that only begins alike', { aud: 'fastapi.example' }],
    ['without an audience', { aud: null }],
    ['without an end', { exp: null }],
    ['without a user', { sub: null }],
    ['of another issuer', { iss: 'https://keys.elsewhere.test' }],
    ['of no issuer', { iss: null }],
  ])('one %s is 401', async (_, claims) => {
    const answer = await ask(await issuer.sign(claims))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
  })

  test('one that nobody signed is 401', async () => {
    expect(await statusOf(issuer.unsigned())).toBe(401)
  })

  test('one that another key signed under the name of ours is 401', async () => {
    const { privateKey: key } = await generateKeyPair('ES256')
    expect(await statusOf(await issuer.sign({}, { key, kid: 'first' }))).toBe(401)
    expect(await statusOf(await issuer.sign({}, { key, kid: 'unknown' }))).toBe(401)
  })

  test('one that is signed by the public key as if it were a shared secret is 401', async () => {
    const { keys } = await json(await fetch(`${issuer.url}/.well-known/jwks.json`))
    const pem = await exportSPKI((await importJWK(keys[0], 'ES256', { extractable: true })) as CryptoKey)
    const key = new TextEncoder().encode(pem)
    expect(await statusOf(await issuer.sign({}, { alg: 'HS256', key }))).toBe(401)
    const secret = await generateSecret('HS256')
    expect(await statusOf(await issuer.sign({}, { alg: 'HS256', key: secret as CryptoKey }))).toBe(401)
  })

  test('one by an algorithm that is not that of its key is 401, never a failure', async () => {
    const { privateKey: key } = await generateKeyPair('RS256')
    expect(await statusOf(await issuer.sign({}, { alg: 'RS256', key }))).toBe(401)
  })

  test('one that was altered, cut or is no JWT at all is 401, never a failure', async () => {
    const token = await issuer.sign()
    const [header, , signature] = token.split('.')
    const claims = JSON.stringify({ iss: issuer.url, aud: 'fastapi', sub: 'admin', exp: inSeconds(60) })
    const altered = `${header}.${Buffer.from(claims).toString('base64url')}.${signature}`
    const deep = `${Buffer.from('['.repeat(5000)).toString('base64url')}.e30.e30`
    for (const text of [
      altered,
      token.slice(0, -1),
      `${token}A`,
      'a.b.c',
      '....',
      '',
      deep,
      '0'.repeat(9000),
    ])
      expect(await statusOf(text), text.slice(0, 40)).toBe(401)
  })

  test('a scheme that is not Bearer, and two headers, are 401', async () => {
    const token = await issuer.sign()
    expect((await service.fetch('/jwt/me', { authorization: `Basic ${token}` })).status).toBe(401)
    const headers = [
      ['Authorization', `Bearer ${token}`],
      ['Authorization', `Bearer ${token}`],
    ] as const
    expect((await sendRaw(service.url, { path: '/jwt/me', headers }))?.status).toBe(401)
  })

  test('one without the scope of the route is 403, and says which it lacks', async () => {
    const answer = await ask(await issuer.sign({ scope: 'reports:readers' }))
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toContain('scope="reports:read"')
    expect(await statusOf(await issuer.sign({ scope: '' }), '/jwt/me')).toBe(200)
  })

  test('one without the role of the route is 403', async () => {
    expect(await statusOf(await issuer.sign(), '/jwt/admin')).toBe(403)
    expect(await statusOf(await issuer.sign({ roles: ['admin'] }), '/jwt/admin')).toBe(200)
  })
})

describeInPython('the keys by which the FastAPI example checks JWTs', () => {
  async function startBoth() {
    const issuer = await startExampleIssuer()
    const service = await startUvicorn('fastapi', { KEYDESK_URL: issuer.url })
    const statusOf = async (token: string) =>
      (await service.fetch('/jwt/me', { authorization: `Bearer ${token}` })).status
    return { issuer, statusOf, close: () => Promise.all([issuer.close(), service.close()]) }
  }

  test('include one that is made while it runs, from its first JWT on', async () => {
    const { issuer, statusOf, close } = await startBoth()
    expect(await statusOf(await issuer.sign())).toBe(200)
    await issuer.rotate()
    expect(await statusOf(await issuer.sign())).toBe(200)
    expect(issuer.fetched()).toBe(2)
    await close()
  })

  test('are fetched twice in ten seconds at most, however many JWTs name others', async () => {
    const { issuer, statusOf, close } = await startBoth()
    for (let i = 0; i < 5; i++) await statusOf(await issuer.sign({}, { kid: `unknown-${i}` }))
    expect(await statusOf(await issuer.sign())).toBe(200)
    expect(issuer.fetched()).toBe(2)
    await close()
  })
})

describeInPython('the FastAPI example with nobody who could tell the keys', () => {
  test('JWTs pass by the keys that are known, and none by keys that are not', async () => {
    const issuer = await startExampleIssuer()
    const service = await startUvicorn('fastapi', { KEYDESK_URL: issuer.url })
    const authorization = `Bearer ${await issuer.sign()}`
    expect((await service.fetch('/jwt/me', { authorization })).status).toBe(200)
    await issuer.close()
    expect((await service.fetch('/jwt/me', { authorization })).status).toBe(200)
    const late = await startUvicorn('fastapi', { KEYDESK_URL: issuer.url })
    expect((await late.fetch('/jwt/me', { authorization })).status).toBe(503)
    await Promise.all([service.close(), late.close()])
  })

  test('a service without an audience does not start', async () => {
    const settings = { KEYDESK_URL: `http://127.0.0.1:${await freePort()}`, AUDIENCES: ' ' }
    await expect(startUvicorn('fastapi', settings)).rejects.toThrow('Name at least one audience')
  })
})

describeInPython('the tests that the FastAPI example brings along', () => {
  test('pass', async () => {
    expect(await runUnittest('fastapi')).toMatch(/^OK$/m)
  })
})
