import { createHmac } from 'node:crypto'
import { exportJWK, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSealed } from '../../src/domain/sealed-text.ts'
import type { Holder } from '../../src/services/holder.ts'
import { signingKeyContext } from '../../src/services/signing-keys.ts'
import { audience, issuer, type JwtContext, type Replica, startJwts } from './jwt-context.ts'

let jwts: JwtContext
let replica: Replica
beforeAll(async () => {
  jwts = await startJwts()
  replica = await jwts.replica()
})
afterAll(() => jwts.close())

const check = (jwt: string) =>
  replica.checkJwt({ jwt, audience, scopes: [], groups: [], address: null, userAgent: undefined })
const outcomeOf = async (jwt: string) => (await check(jwt)).outcome
const sign = async (holder: Holder) => (await replica.signJwt(holder, { audience })).jwt
const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
/** With other parts, and the signature as it was. */
function altered(jwt: string, { header = {}, payload = {} }: { header?: object; payload?: object }): string {
  const [head, body, signature] = jwt.split('.')
  return [encode({ ...decode(head), ...header }), encode({ ...decode(body), ...payload }), signature].join(
    '.',
  )
}
/** Signed by the very key of the keyring, as only a bug of ours could. */
async function resigned(jwt: string, payload: object, header: object = {}): Promise<string> {
  const [head, body] = jwt.split('.')
  const row = (await replica.storage.keyring.all()).find(({ id }) => id === 'jwt-1')!
  const jwk = JSON.parse(openSealed(row.wrapped, jwts.firstWrapKey, signingKeyContext('jwt-1'))!)
  return new SignJWT({ ...decode(body), ...payload } as JWTPayload)
    .setProtectedHeader({ ...decode(head), ...header })
    .sign(await importJWK(jwk, 'ES256'))
}

describe('a JWT', () => {
  test('that is altered in any character, cut or lengthened is none, warm and cold', async () => {
    const jwt = await sign(await jwts.addKey(replica))
    expect(await outcomeOf(jwt)).toBe('valid')
    const variants = Array.from(jwt, (character, at) => {
      const changed = character === 'A' ? 'B' : 'A'
      return jwt.slice(0, at) + changed + jwt.slice(at + 1)
    }).filter((variant) => variant !== jwt)
    variants.push(jwt.slice(0, -1), jwt.slice(1), `${jwt}A`, `${jwt}=`, ` ${jwt}`, `${jwt}\n`, `${jwt}.`)
    variants.push(jwt.replace('.', '..'), jwt.split('.').slice(0, 2).join('.'), jwt.toUpperCase(), jwt + jwt)
    variants.push(
      altered(jwt, { payload: { scope: 'reports:read admin' } }),
      altered(jwt, { payload: { sub: 'x' } }),
    )
    const outcomes = await Promise.all(variants.map((variant) => outcomeOf(variant)))
    expect(variants.filter((_, at) => outcomes[at] !== 'invalid_jwt')).toEqual([])
  })

  test('with alg none, or HS256 by the public key, or another alg or kid, is none', async () => {
    const jwt = await sign(await jwts.addKey(replica))
    const { publicKey, publicJwk } = (await replica.signingKeys.fresh()).signing!
    const [, body] = jwt.split('.')
    const unsigned = (alg: string) => `${encode({ ...decode(jwt.split('.')[0]), alg })}.${body}`
    for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
      for (const signature of ['', 'AA', jwt.split('.')[2]])
        expect(await outcomeOf(`${unsigned(alg)}.${signature}`), alg).toBe('invalid_jwt')
    const secrets = [await exportSPKI(await importPublic()), JSON.stringify(publicJwk), publicJwk.x ?? '']
    for (const secret of secrets) {
      const mac = createHmac('sha256', secret).update(unsigned('HS256')).digest('base64url')
      expect(await outcomeOf(`${unsigned('HS256')}.${mac}`)).toBe('invalid_jwt')
    }
    for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA'])
      expect(await outcomeOf(altered(jwt, { header: { alg } })), alg).toBe('invalid_jwt')
    for (const kid of ['other', '', undefined, 7, null, '../jwt-1', 'jwt-1', '__proto__'])
      expect(await outcomeOf(altered(jwt, { header: { kid } })), String(kid)).toBe('invalid_jwt')
    expect(publicKey.type).toBe('public')

    async function importPublic() {
      const { kty = '', crv = '', x = '', y = '' } = publicJwk
      // Guarantee: a key of this type is no text.
      return (await importJWK({ kty, crv, x, y }, 'ES256', { extractable: true })) as typeof publicKey
    }
  })

  test('that somebody else signed is none, though it names our key, or brings its own', async () => {
    const holder = await jwts.addKey(replica)
    const jwt = await sign(holder)
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    const [head, body] = jwt.split('.')
    for (const header of [
      {},
      { jwk },
      { jku: 'https://evil.test/jwks.json' },
      { x5u: 'https://evil.test' },
      { kid: 'x', jwk },
    ]) {
      const forged = await new SignJWT(decode(body))
        .setProtectedHeader({ ...decode(head), ...header })
        .sign(privateKey)
      expect(await outcomeOf(forged), JSON.stringify(header)).toBe('invalid_jwt')
    }
  })

  test('whose claims are not those that we write is none, even with our signature', async () => {
    const jwt = await sign(await jwts.addKey(replica))
    expect(await outcomeOf(await resigned(jwt, {}))).toBe('valid')
    for (const payload of [
      { iss: 'https://evil.test' },
      { iss: `${issuer}/` },
      { aud: 'https://other.corp.com' },
      { aud: [] },
      { exp: undefined },
      { exp: 1 },
      { exp: '9999999999' },
      { key_id: undefined },
      { sid: 'ses_x' },
      { key_id: 'aaaaaaaaaaaa' },
    ])
      expect(await outcomeOf(await resigned(jwt, payload)), JSON.stringify(payload)).toBe('invalid_jwt')
    expect(await outcomeOf(await resigned(jwt, { aud: ['https://other.corp.com', audience] }))).toBe('valid')
    for (const typ of ['at+jwt', 'jwt', undefined, 'logout+jwt'])
      expect(await outcomeOf(await resigned(jwt, {}, { typ })), typ).toBe('invalid_jwt')
  })

  test('carries no right on Keydesk, even where our signature says so', async () => {
    const holder = await jwts.addKey(replica, { scopes: ['keydesk:admin', 'a'] }, { role: 'admin' })
    const jwt = await sign(holder)
    expect(await check(jwt)).toMatchObject({ scopes: ['a'], claims: { scope: 'a' } })
    const bold = await resigned(jwt, { scope: 'a keydesk:admin' })
    expect(await check(bold)).toMatchObject({ outcome: 'valid', scopes: ['a'] })
  })
})
