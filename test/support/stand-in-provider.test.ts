import { spawnSync } from 'node:child_process'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authorizationRequest, exchangeCode } from './authorization-request.ts'
import {
  type StandInAccount,
  type StandInProvider,
  signInAtProvider,
  standInAccounts,
  startStandInProvider,
} from './stand-in-provider.ts'

const client = {
  clientId: 'stand-in-test',
  clientSecret: '5f0c1d9ab3e74482',
  redirectUri: 'http://localhost:9/auth/callback',
}

let standIn: StandInProvider
beforeAll(async () => {
  standIn = await startStandInProvider({ ...client, redirectUris: [client.redirectUri] })
})
afterAll(() => standIn.close())

describe('the stand-in for Google', () => {
  it('signs every account in, with the same claims in the ID token as in UserInfo', async () => {
    for (const account of standIn.accounts) {
      const { idToken, userInfo } = await signIn(account.sub)
      const { note: _note, ...claims } = account
      expect(idToken).toMatchObject(claims)
      expect(userInfo).toEqual(claims)
    }
  })

  it('keeps what its client needs: an account of each kind', () => {
    const byName = new Map(standInAccounts.map((account) => [account.given_name, account]))
    expect(byName.get('Alice')).toMatchObject({ email: 'alice@example.com', hd: 'example.com' })
    expect(byName.get('Ada')).toMatchObject({ email: 'ada@example.com', email_verified: true })
    expect(byName.get('Uma')).toMatchObject({ email: 'uma@example.com', email_verified: false })
    expect(byName.get('Otto')).toMatchObject({ email: 'otto@elsewhere.test', hd: 'elsewhere.test' })
    for (const { sub } of standInAccounts) expect(sub).toMatch(/^\d{21}$/)
  })

  it('answers a cancelled sign-in with access_denied and the state', async () => {
    const request = await begin()
    const callback = new URL(await signInAtProvider(request.url, 'cancel'))
    expect(callback.searchParams.get('error')).toBe('access_denied')
    expect(callback.searchParams.get('state')).toBe(request.state)
    expect(callback.searchParams.has('code')).toBe(false)
  })

  it('sees a changed email at the next sign-in', async () => {
    const account = accountNamed('Alice')
    account.email = 'alice.renamed@example.com'
    try {
      const { idToken, userInfo } = await signIn(account.sub)
      expect([idToken.email, userInfo.email]).toEqual([account.email, account.email])
    } finally {
      account.email = 'alice@example.com'
    }
  })

  it('shows the picker again to a browser that has just signed in, and lets it pick another account', async () => {
    const jar = new Map<string, string>()
    for (const account of [accountNamed('Alice'), accountNamed('Ada')]) {
      const { url } = await begin()
      const picker = await browse(jar, url)
      expect(picker.page).toContain('Local stand-in for Google. For development and tests only.')
      const answer = await browse(jar, picker.url, new URLSearchParams({ account: account.sub }))
      expect(answer.url).toMatch(/^http:\/\/localhost:9\/auth\/callback\?code=/)
    }
  })

  it('takes prompt=select_account and prompt=consent, as Google does', async () => {
    const request = await begin({ with: { prompt: 'select_account consent' } })
    const callback = new URL(await signInAtProvider(request.url, accountNamed('Ada').sub))
    expect(callback.searchParams.get('code')).toBeTruthy()
  })

  it('refuses a request without PKCE', async () => {
    const request = await begin({ without: ['code_challenge', 'code_challenge_method'] })
    const callback = new URL(await signInAtProvider(request.url, accountNamed('Ada').sub))
    expect(callback.searchParams.get('error')).toBe('invalid_request')
  })

  it('refuses a wrong verifier and a code that was used', async () => {
    const request = await begin()
    const code = codeOf(await signInAtProvider(request.url, accountNamed('Ada').sub))
    const { token_endpoint } = await discover()
    expect((await exchangeCode(token_endpoint, client, code, 'x'.repeat(43))).status).toBe(400)
    const next = await begin()
    const nextCode = codeOf(await signInAtProvider(next.url, accountNamed('Ada').sub))
    expect((await exchangeCode(token_endpoint, client, nextCode, next.codeVerifier)).status).toBe(200)
    expect((await exchangeCode(token_endpoint, client, nextCode, next.codeVerifier)).status).toBe(400)
  })

  it('tells why when a redirect URI is not registered, and loads nothing from elsewhere', async () => {
    const request = await begin({ with: { redirect_uri: 'http://localhost:9/other' } })
    await expect(signInAtProvider(request.url, 'cancel')).rejects.toThrow(/redirect_uri/)
    const page = await (await fetch(request.url, { headers: { accept: 'text/html' } })).text()
    expect(page).not.toContain('googleapis')
  })

  it('signs with other keys after they were rotated', async () => {
    const before = await signIn(accountNamed('Ada').sub)
    await standIn.rotateKeys()
    const after = await signIn(accountNamed('Ada').sub)
    expect(after.kid).not.toBe(before.kid)
  })

  it('counts what it was asked', async () => {
    const before = { ...standIn.requests }
    await signIn(accountNamed('Ada').sub)
    expect(standIn.requests.token).toBe(before.token + 1)
    expect(standIn.requests.userInfo).toBe(before.userInfo + 1)
    expect(standIn.requests.authorization).toBe(before.authorization + 1)
  })

  it('signs with ES256 when asked to', async () => {
    const other = await startStandInProvider({
      ...client,
      redirectUris: [client.redirectUri],
      idTokenAlgorithm: 'ES256',
    })
    const { alg } = await signIn(accountNamed('Ada').sub, other)
    await other.close()
    expect(alg).toBe('ES256')
  })

  it('prints nothing', () => {
    const script = `
      import { startStandInProvider } from './test/support/stand-in-provider.ts'
      const it = await startStandInProvider({ clientId: 'a', clientSecret: 'b', redirectUris: ['http://localhost:9/'] })
      await fetch(it.issuer + '/auth')
      await it.close()`
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    expect([run.status, run.stdout, run.stderr]).toEqual([0, '', ''])
  })
})

interface SignedIn {
  idToken: JWTPayload
  kid: string | undefined
  alg: string
  userInfo: Record<string, unknown>
}

async function signIn(sub: string, at: StandInProvider = standIn): Promise<SignedIn> {
  const metadata = await discover(at)
  const request = authorizationRequest(metadata.authorization_endpoint, client)
  const callback = new URL(await signInAtProvider(request.url, sub))
  expect(callback.searchParams.get('state')).toBe(request.state)
  expect(callback.searchParams.get('iss')).toBe(at.issuer)
  const answer = await exchangeCode(
    metadata.token_endpoint,
    client,
    codeOf(callback.href),
    request.codeVerifier,
  )
  expect(answer.status).toBe(200)
  const tokens = (await answer.json()) as { id_token: string; access_token: string }
  const verified = await jwtVerify(tokens.id_token, createRemoteJWKSet(new URL(metadata.jwks_uri)), {
    issuer: at.issuer,
    audience: client.clientId,
  })
  expect(verified.payload.nonce).toBe(request.nonce)
  const userInfo = await fetch(metadata.userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  return {
    idToken: verified.payload,
    kid: verified.protectedHeader.kid,
    alg: verified.protectedHeader.alg,
    userInfo: (await userInfo.json()) as Record<string, unknown>,
  }
}

async function discover(at: StandInProvider = standIn): Promise<Record<Endpoint, string>> {
  const answer = await fetch(`${at.issuer}/.well-known/openid-configuration`)
  return (await answer.json()) as Record<Endpoint, string>
}

type Endpoint = 'authorization_endpoint' | 'token_endpoint' | 'userinfo_endpoint' | 'jwks_uri'

async function begin(changes: { without?: string[]; with?: Record<string, string> } = {}) {
  return authorizationRequest((await discover()).authorization_endpoint, { ...client, ...changes })
}

function codeOf(callback: string): string {
  const code = new URL(callback).searchParams.get('code')
  if (!code) throw new Error(`no code in ${callback}`)
  return code
}

function accountNamed(name: string): StandInAccount {
  const account = standIn.accounts.find(({ given_name }) => given_name === name)
  if (!account) throw new Error(`no account ${name}`)
  return account
}

/** Follows redirects inside the provider with a jar that outlives the request, as a real browser's does. */
async function browse(jar: Map<string, string>, start: string, body?: URLSearchParams) {
  let url = start
  let form = body
  for (;;) {
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    const method = form ? 'POST' : 'GET'
    const answer = await fetch(url, { method, body: form ?? null, headers: { cookie }, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value) jar.set(name, value)
      else jar.delete(name)
    }
    const location = answer.headers.get('location')
    if (!location) return { url, page: await answer.text() }
    url = new URL(location, url).href
    form = undefined
    if (!url.startsWith(standIn.issuer)) return { url, page: '' }
  }
}
