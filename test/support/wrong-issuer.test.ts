import { createHmac } from 'node:crypto'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, exportSPKI, importJWK, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { authorizationRequest, exchangeCode } from './authorization-request.ts'
import { authorizeAt, startWrongIssuer, type WrongIssuer } from './wrong-issuer.ts'
import type { EndpointBehaviour, Signing, SigningAlgorithm } from './wrong-issuer-behaviour.ts'

const client = {
  clientId: 'wrong-issuer-test',
  clientSecret: 'b1946ac92492d234',
  redirectUri: 'http://localhost:9/auth/callback',
}

let wrong: WrongIssuer
beforeAll(async () => {
  wrong = await startWrongIssuer(client)
})
afterEach(() => wrong.reset())
afterAll(() => wrong.close())

describe('the wrong issuer, left alone', () => {
  it('is right: discovery, PKCE, ID token, UserInfo', async () => {
    const document = await json(await fetch(`${wrong.issuer}/.well-known/openid-configuration`))
    expect(document.issuer).toBe(wrong.issuer)
    const { request, callback, tokens } = await signIn()
    expect(callback.searchParams.get('state')).toBe(request.state)
    expect(callback.searchParams.get('iss')).toBe(wrong.issuer)
    const { payload, protectedHeader } = await verify(tokens.id_token)
    expect(protectedHeader.typ).toBe('JWT')
    expect(payload).toMatchObject({ ...wrong.account, nonce: request.nonce, azp: client.clientId })
    expect(await json(await askUserInfo(tokens.access_token))).toEqual(wrong.account)
    expect((await askUserInfo('made-up')).status).toBe(401)
    expect(wrong.authorizeRequests[0]?.get('nonce')).toBe(request.nonce)
    expect(wrong.tokenRequests[0]?.parameters.get('code_verifier')).toBe(request.codeVerifier)
    expect(wrong.tokenRequests[0]?.headers.authorization).toMatch(/^Basic /)
    expect(wrong.requests.get('/token')).toBe(1)
  })

  it('refuses a wrong verifier, a wrong redirect URI, a wrong secret and a used code', async () => {
    const { codeVerifier, code } = await begin()
    const attempts: [typeof client, string, string][] = [
      [client, code, 'x'.repeat(43)],
      [{ ...client, redirectUri: `${client.redirectUri}/` }, (await begin()).code, codeVerifier],
      [{ ...client, clientSecret: 'other' }, (await begin()).code, codeVerifier],
      [client, 'made-up', codeVerifier],
    ]
    const statuses = []
    for (const attempt of attempts)
      statuses.push((await exchangeCode(`${wrong.issuer}/token`, ...attempt)).status)
    expect(statuses).toEqual([400, 400, 401, 400])

    const again = await begin()
    const exchange = () => exchangeCode(`${wrong.issuer}/token`, client, again.code, again.codeVerifier)
    expect([(await exchange()).status, (await exchange()).status]).toEqual([200, 400])
  })

  it('signs with every algorithm that a client may or may not accept', async () => {
    for (const algorithm of ['ES256', 'RS256', 'EdDSA', 'PS256', 'RS512'] satisfies SigningAlgorithm[]) {
      wrong.behaviour.algorithm = algorithm
      const { tokens } = await signIn()
      expect((await verify(tokens.id_token)).protectedHeader.alg).toBe(algorithm)
    }
  })
})

describe('the wrong issuer, told to be wrong', () => {
  it('changes discovery, callback, header, claims, UserInfo and the account', async () => {
    wrong.behaviour.discovery = (document) => ({ ...document, issuer: `${wrong.issuer}/` })
    wrong.behaviour.callback = (parameters) => parameters.set('iss', 'https://other.example')
    wrong.behaviour.idTokenHeader = (header) => ({ ...header, typ: 'odd' })
    wrong.behaviour.idTokenClaims = (claims) => ({ ...claims, nonce: 'other' })
    wrong.behaviour.userInfo = (claims) => ({ ...claims, sub: 'other' })
    wrong.account.email_verified = 'true'
    const document = await json(await fetch(`${wrong.issuer}/.well-known/openid-configuration`))
    expect(document.issuer).toBe(`${wrong.issuer}/`)
    const { callback, tokens } = await signIn()
    expect(callback.searchParams.get('iss')).toBe('https://other.example')
    expect(decodeProtectedHeader(tokens.id_token).typ).toBe('odd')
    expect(decodeJwt(tokens.id_token)).toMatchObject({ nonce: 'other', email_verified: 'true' })
    expect((await json(await askUserInfo(tokens.access_token))).sub).toBe('other')

    wrong.reset()
    expect(wrong.account.email_verified).toBe(true)
    expect(wrong.tokenRequests).toEqual([])
    await verify((await signIn()).tokens.id_token)
  })

  it('signs with keys that nobody published, and spoils signatures', async () => {
    for (const sign of ['unknown-key', 'unknown-key-same-kid', 'bad-signature'] satisfies Signing[]) {
      wrong.behaviour.sign = sign
      const { tokens } = await signIn()
      await expect(verify(tokens.id_token), sign).rejects.toThrow()
      expect(decodeProtectedHeader(tokens.id_token).kid === (await publishedKid()), sign).toBe(
        sign !== 'unknown-key',
      )
    }
  })

  it('signs not at all', async () => {
    wrong.behaviour.sign = 'alg-none'
    const { tokens } = await signIn()
    expect(decodeProtectedHeader(tokens.id_token).alg).toBe('none')
    expect(tokens.id_token.endsWith('.')).toBe(true)
  })

  it('signs with secrets that the client knows', async () => {
    wrong.behaviour.algorithm = 'RS256'
    const { keys } = (await json(await fetch(`${wrong.issuer}/jwks`))) as { keys: Record<string, string>[] }
    const publicKey = await importJWK(keys[0] ?? {}, 'RS256', { extractable: true })
    if (publicKey instanceof Uint8Array) throw new Error('not a public key')
    const secrets = {
      'hs256-with-client-secret': client.clientSecret,
      'hs256-with-public-key': await exportSPKI(publicKey),
    } as const
    for (const sign of ['hs256-with-client-secret', 'hs256-with-public-key'] as const) {
      wrong.behaviour.sign = sign
      const [header, payload, signature] = (await signIn()).tokens.id_token.split('.')
      const expected = createHmac('sha256', secrets[sign]).update(`${header}.${payload}`).digest('base64url')
      expect(signature, sign).toBe(expected)
    }
  })

  it('rotates its key, for a while or for good', async () => {
    const kids = [await publishedKid()]
    wrong.behaviour.sign = 'rotated'
    await verify((await signIn()).tokens.id_token)
    kids.push(await publishedKid())
    wrong.reset()
    expect(await publishedKid()).toBe(kids[0])
    wrong.rotateKey()
    await verify((await signIn()).tokens.id_token)
    expect(await publishedKid()).toBe(kids[1])
    expect(kids[0]).not.toBe(kids[1])
  })

  it('gives no ID token, or another kind of token in its place', async () => {
    wrong.behaviour.token = 'no-id-token'
    expect((await signIn()).tokens.id_token).toBeUndefined()
    for (const [token, typ] of [
      ['access-token-as-id-token', 'at+jwt'],
      ['logout-token-as-id-token', 'logout+jwt'],
    ] as const) {
      wrong.behaviour.token = token
      const { payload, protectedHeader } = await verify((await signIn()).tokens.id_token)
      expect([protectedHeader.typ, payload.nonce]).toEqual([typ, undefined])
    }
    wrong.behaviour.token = 'error-invalid-grant'
    const answer = await exchange()
    expect([answer.status, (await json(answer)).error]).toEqual([400, 'invalid_grant'])
  })

  it('fails in the same ways at every endpoint', async () => {
    const endpoints = {
      token: () => exchange(),
      userInfoEndpoint: async () => askUserInfo((await signIn()).tokens.access_token),
      jwksEndpoint: () => fetch(`${wrong.issuer}/jwks`, { redirect: 'manual' }),
      discoveryEndpoint: () =>
        fetch(`${wrong.issuer}/.well-known/openid-configuration`, { redirect: 'manual' }),
    } as const
    for (const name of Object.keys(endpoints) as (keyof typeof endpoints)[]) {
      const ask = (how: EndpointBehaviour) => {
        wrong.behaviour[name] = how
        return endpoints[name]()
      }
      expect((await ask('status-500')).status, name).toBe(500)
      await expect((await ask('not-json')).json(), name).rejects.toThrow()
      const padded = await (await ask('junk-2mb')).text()
      expect(padded.length, name).toBeGreaterThan(2 * 1024 * 1024)
      expect(Object.keys(JSON.parse(padded)).length, name).toBeGreaterThan(1)
      const redirected = await ask('redirect')
      expect([redirected.status, redirected.headers.get('location')], name).toEqual([
        307,
        expect.stringContaining('/elsewhere/'),
      ])
      wrong.reset()
    }
  })

  it('gives the right answer to whoever follows the redirect, and counts it', async () => {
    wrong.behaviour.token = 'redirect'
    const { code, codeVerifier } = await begin()
    const [first, second] = [
      await exchangeCode(`${wrong.issuer}/token`, client, code, codeVerifier),
      await exchangeCode(`${wrong.issuer}/elsewhere/token`, client, code, codeVerifier),
    ]
    expect([first.status, second.status, wrong.requests.get('/elsewhere/token')]).toEqual([307, 200, 1])
  })

  it('trickles without an end', async () => {
    wrong.behaviour.token = 'trickle'
    const reader = (await exchange()).body?.getReader()
    const chunks = [await reader?.read(), await reader?.read(), await reader?.read()]
    expect(chunks.map((chunk) => chunk?.done)).toEqual([false, false, false])
    await reader?.cancel()
  })

  it('goes down and comes back on the same port', async () => {
    await wrong.down()
    await expect(fetch(`${wrong.issuer}/jwks`)).rejects.toThrow()
    await wrong.up()
    expect((await fetch(`${wrong.issuer}/jwks`)).status).toBe(200)
  })

  it('closes at once while a request hangs', async () => {
    const other = await startWrongIssuer(client)
    other.behaviour.jwksEndpoint = 'hang'
    const hanging = fetch(`${other.issuer}/jwks`)
    hanging.catch(() => undefined)
    while (!other.requests.has('/jwks')) await new Promise((resolve) => setImmediate(resolve))
    const startedAt = performance.now()
    await other.close()
    expect(performance.now() - startedAt).toBeLessThan(1000)
    await expect(hanging).rejects.toThrow()
    await other.close()
  })
})

async function begin() {
  const request = authorizationRequest(`${wrong.issuer}/authorize`, client)
  const callback = new URL(await authorizeAt(request.url))
  return { ...request, request, callback, code: callback.searchParams.get('code') ?? '' }
}

async function exchange(): Promise<Response> {
  const { code, codeVerifier } = await begin()
  return exchangeCode(`${wrong.issuer}/token`, client, code, codeVerifier)
}

async function signIn() {
  const { request, callback, code } = await begin()
  const answer = await exchangeCode(`${wrong.issuer}/token`, client, code, request.codeVerifier)
  expect(answer.status).toBe(200)
  const tokens = (await answer.json()) as { id_token: string; access_token: string }
  return { request, callback, tokens }
}

function verify(idToken: string) {
  const options = { issuer: wrong.issuer, audience: client.clientId }
  return jwtVerify(idToken, createRemoteJWKSet(new URL(`${wrong.issuer}/jwks`)), options)
}

async function publishedKid(): Promise<string | undefined> {
  const { keys } = (await json(await fetch(`${wrong.issuer}/jwks`))) as { keys: { kid: string }[] }
  return keys[0]?.kid
}

function askUserInfo(accessToken: string): Promise<Response> {
  const headers = { authorization: `Bearer ${accessToken}` }
  return fetch(`${wrong.issuer}/userinfo`, { headers, redirect: 'manual' })
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}
