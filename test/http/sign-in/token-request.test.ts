import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, begin, callbackOf, changed, startAttackedGateway } from '../../support/attack.ts'
import { createCookieJar } from '../../support/browser-like.ts'
import { startGateway } from '../../support/gateway.ts'
import { signInSettings, testClient } from '../../support/sign-in.ts'
import { startWrongIssuer } from '../../support/wrong-issuer.ts'

describe('the token request', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000' })
  })
  beforeEach(() => context.wrong.reset())
  afterAll(() => context.close())

  async function tokenRequestOf(attacked: Attacked) {
    const attempt = await begin(attacked)
    const path = await callbackOf(attempt)
    expect((await attempt.jar.fetch(path)).status).toBe(200)
    const [request, ...others] = attacked.wrong.tokenRequests
    expect(others).toEqual([])
    if (request === undefined) throw new Error('no token request')
    return { attempt, path, request }
  }

  test('carries the code, the same redirect_uri, and a verifier that hashes to the challenge that was sent', async () => {
    const { attempt, path, request } = await tokenRequestOf(context)
    const { code_verifier: verifier = '', ...others } = Object.fromEntries(request.parameters)
    expect(others).toEqual({
      grant_type: 'authorization_code',
      code: new URL(path, 'http://x').searchParams.get('code'),
      redirect_uri: attempt.location.searchParams.get('redirect_uri'),
    })
    expect(verifier).toMatch(/^[\w.~-]{43,128}$/)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    expect(challenge).toBe(attempt.location.searchParams.get('code_challenge'))
  })

  test('proves the client in the header, and carries no secret, code or verifier in its URL', async () => {
    const { request } = await tokenRequestOf(context)
    const credentials = `${testClient.clientId}:${testClient.clientSecret}`
    expect(request.headers.authorization).toBe(`Basic ${Buffer.from(credentials).toString('base64')}`)
    expect(request.url).toBe('/token')
    expect(request.parameters.has('client_secret')).toBe(false)
    expect(request.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(request.headers.cookie).toBeUndefined()
    expect(request.headers.referer).toBeUndefined()
  })

  test('proves the client in the body where the provider takes nothing else, still not in the URL', async () => {
    const other = await startAttackedGateway()
    other.wrong.behaviour.discovery = (document) => ({
      ...document,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    })
    const { request } = await tokenRequestOf(other)
    await other.close()
    expect(request.headers.authorization).toBeUndefined()
    expect(request.parameters.get('client_id')).toBe(testClient.clientId)
    expect(request.parameters.get('client_secret')).toBe(testClient.clientSecret)
    expect(request.url).toBe('/token')
  })

  test('form-encodes a client id and secret with reserved characters before they are joined', async () => {
    const client = { clientId: 'id:with/ü &+%', clientSecret: 'Rk3:vW9q+Lm%2FX2p=Zt7b&Nc5y' }
    const wrong = await startWrongIssuer(client)
    const gateway = await startGateway({
      ...signInSettings(wrong.issuer),
      GOOGLE_CLIENT_ID: client.clientId,
      GOOGLE_CLIENT_SECRET: client.clientSecret,
    })
    wrong.behaviour.idTokenClaims = (claims) => ({ ...claims, aud: client.clientId, azp: client.clientId })
    const attempt = await begin({ gateway }, createCookieJar(gateway))
    const response = await attempt.jar.fetch(await callbackOf(attempt))
    await gateway.close()
    await wrong.close()
    expect(response.status).toBe(200)
  })

  test('sends a code as it came, whatever characters it holds, and cannot be given other parameters by it', async () => {
    const attempt = await begin(context)
    const code = 'a b+c%2F&redirect_uri=https://evil.test&grant_type=password#\r\nx'
    const path = changed(await callbackOf(attempt), { code })
    expect((await attempt.jar.fetch(path)).status).toBe(502)
    const [request] = context.wrong.tokenRequests
    expect(request?.parameters.getAll('code')).toEqual([code])
    expect(request?.parameters.getAll('grant_type')).toEqual(['authorization_code'])
    expect(request?.parameters.getAll('redirect_uri')).toEqual([`${context.gateway.url}/auth/callback`])
  })

  test('is made once for a sign-in, and nothing else at the provider is asked more than once', async () => {
    await signInOnce()
    const { requests } = context.wrong
    expect([requests.get('/token'), requests.get('/userinfo')]).toEqual([1, 1])
    for (const path of ['/jwks', '/.well-known/openid-configuration'])
      expect(requests.get(path) ?? 0).toBeLessThanOrEqual(1)
  })

  async function signInOnce(): Promise<void> {
    const attempt = await begin(context)
    expect((await attempt.jar.fetch(await callbackOf(attempt))).status).toBe(200)
  }
})
