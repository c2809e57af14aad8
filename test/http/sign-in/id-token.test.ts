import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  begin,
  callbackOf,
  expectRefused,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'
import { testClient } from '../../support/sign-in.ts'
import type { Behaviour } from '../../support/wrong-issuer.ts'

const us = testClient.clientId
const refused = { status: 502, code: 'provider_error', reason: 'id_token_refused' }
const claims = (change: (claims: JWTPayload) => object): Partial<Behaviour> => ({
  idTokenClaims: (right) => ({ ...right, ...change(right) }),
})
const set = (changes: Record<string, unknown>) => claims(() => changes)
const seconds = () => Math.floor(Date.now() / 1000)
const issuer = (change: (issuer: string) => unknown) => claims(({ iss }) => ({ iss: change(iss ?? '') }))

describe('an ID token', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000' })
  })
  beforeEach(() => context.wrong.reset())
  afterAll(() => context.close())

  const deviations: [string, Partial<Behaviour>][] = [
    ['signed with a key that is not in the JWKS', { sign: 'unknown-key' }],
    ['signed with another key under the published key id', { sign: 'unknown-key-same-kid' }],
    ['with a signature of which one bit is flipped', { sign: 'bad-signature' }],
    ['with alg none', { sign: 'alg-none' }],
    ...['NONE', 'nOnE', ''].map((alg): [string, Partial<Behaviour>] => [
      `with alg "${alg}"`,
      { sign: 'alg-none', idTokenHeader: (header) => ({ ...header, alg }) },
    ]),
    ['signed with HS256 and the client secret', { sign: 'hs256-with-client-secret' }],
    ['signed with HS256 and the public key', { sign: 'hs256-with-public-key' }],
    ['of another issuer', set({ iss: 'https://accounts.google.com' })],
    ['of the issuer with a slash', issuer((iss) => `${iss}/`)],
    ['of the issuer with https', issuer((iss) => iss.replace('http:', 'https:'))],
    ['of the issuer in capitals', issuer((iss) => iss.toUpperCase())],
    ['of a list of issuers', issuer((iss) => [iss])],
    ['without iss', set({ iss: undefined })],
    ['for another client', set({ aud: 'other' })],
    ['for a client whose id begins as ours', set({ aud: `${us}-2` })],
    ['for our client id in capitals', set({ aud: us.toUpperCase() })],
    ['for us and an unknown party', set({ aud: [us, 'other'] })],
    ['for an unknown party and us, with azp', set({ aud: ['other', us], azp: us })],
    ['for nobody', set({ aud: [] })],
    ['without aud', set({ aud: undefined })],
    ['whose aud is no text', set({ aud: { [us]: true } })],
    ['authorized for another party', set({ azp: 'other' })],
    ['whose azp is null', set({ azp: null })],
    ['that expired 90 s ago', claims(() => ({ exp: seconds() - 90, iat: seconds() - 120 }))],
    ['without exp', set({ exp: undefined })],
    ['whose exp is a text', claims(() => ({ exp: String(seconds() + 300) }))],
    ['issued 12 minutes ago', claims(() => ({ iat: seconds() - 720 }))],
    ['issued 90 s from now', claims(() => ({ iat: seconds() + 90 }))],
    ['without iat', set({ iat: undefined })],
    ['that is valid from 90 s from now', claims(() => ({ nbf: seconds() + 90 }))],
    ['without nonce', set({ nonce: undefined })],
    ['with an empty nonce', set({ nonce: '' })],
    ['with another nonce', set({ nonce: 'A'.repeat(32) })],
    ['with a nonce in a list', claims(({ nonce }) => ({ nonce: [nonce] }))],
    ['with a nonce that is cut', claims(({ nonce }) => ({ nonce: String(nonce).slice(0, -1) }))],
    ['without sub', set({ sub: undefined })],
    ['that is an access token', { token: 'access-token-as-id-token' }],
    ['that is an access token with our nonce', { idTokenHeader: (header) => ({ ...header, typ: 'at+jwt' }) }],
    [
      'of the media type of an access token',
      { idTokenHeader: (header) => ({ ...header, typ: 'application/at+jwt' }) },
    ],
    ['that is a logout token', { token: 'logout-token-as-id-token' }],
    [
      'with the events of a logout token',
      set({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
    ],
    [
      'whose typ is that of a security event',
      { idTokenHeader: (header) => ({ ...header, typ: 'secevent+jwt' }) },
    ],
    ...['', '.', '..', 'a.b.c', 'a.b.c.d.e', 'e30.e30.'].map((text): [string, Partial<Behaviour>] => [
      `that is "${text}"`,
      { tokenAnswer: (answer) => ({ ...answer, id_token: text }) },
    ]),
    [
      'whose claims were replaced under the signature',
      { tokenAnswer: (answer) => ({ ...answer, id_token: withOtherSub(String(answer.id_token)) }) },
    ],
    [
      'that brings its own key in the header',
      { tokenAnswer: (answer) => ({ ...answer, id_token: withOwnKey(String(answer.id_token)) }) },
    ],
  ]
  test.each(deviations)('%s is refused with 502 and makes nothing', async (_, behaviour) => {
    Object.assign(context.wrong.behaviour, behaviour)
    await expectRefused(context, refused, (headers) => signInWrong(context, headers))
  })

  test.each([
    ['no id_token', (answer) => ({ ...answer, id_token: undefined })],
    ['an id_token that is no text', (answer) => ({ ...answer, id_token: { a: 1 } })],
    ['no access_token', (answer) => ({ ...answer, access_token: undefined })],
    ['no token_type', (answer) => ({ ...answer, token_type: undefined })],
    ['another token_type', (answer) => ({ ...answer, token_type: 'DPoP' })],
  ] satisfies [string, Behaviour['tokenAnswer']][])(
    'in an answer with %s is refused',
    async (_, tokenAnswer) => {
      context.wrong.behaviour.tokenAnswer = tokenAnswer
      const incomplete = { ...refused, reason: 'token_incomplete' }
      await expectRefused(context, incomplete, (headers) => signInWrong(context, headers))
    },
  )

  test.each(['PS256', 'RS512'] as const)(
    'signed with %s is refused, though its key is published',
    async (algorithm) => {
      const fresh = await startAttackedGateway()
      fresh.wrong.behaviour.algorithm = algorithm
      await expectRefused(fresh, refused, (headers) => signInWrong(fresh, headers))
      await fresh.close()
    },
  )

  test('with the nonce of the flow of another browser is refused', async () => {
    const other = await begin(context)
    const nonce = other.location.searchParams.get('nonce')
    Object.assign(context.wrong.behaviour, set({ nonce }))
    await expectRefused(context, refused, (headers) => signInWrong(context, headers))
  })

  test('that another browser got for its own code is refused when it is injected', async () => {
    const given: unknown[] = []
    context.wrong.behaviour.tokenAnswer = (answer) => {
      given.push(answer.id_token)
      return { ...answer, id_token: given[0] }
    }
    const [first, second] = [await begin(context), await begin(context)]
    expect((await first.jar.fetch(await callbackOf(first))).status).toBe(200)
    const path = await callbackOf(second)
    await expectRefused(context, refused, (headers) => second.jar.fetch(path, { headers }))
  })

  const variants: [string, Partial<Behaviour>][] = [
    ['RS256', { algorithm: 'RS256' }],
    ['ES256', { algorithm: 'ES256' }],
    ['EdDSA', { algorithm: 'EdDSA' }],
    ['a list of us alone as aud', set({ aud: [us] })],
    ['no azp', set({ azp: undefined })],
    ['exp 30 s ago, within the skew', claims(() => ({ exp: seconds() - 30, iat: seconds() - 60 }))],
    ['iat 30 s from now, within the skew', claims(() => ({ iat: seconds() + 30 }))],
    ['no typ', { idTokenHeader: ({ typ: _, ...header }) => header as never }],
    ['typ jwt', { idTokenHeader: (header) => ({ ...header, typ: 'jwt' }) }],
  ]
  test.each(variants)('is accepted with %s', async (_, behaviour) => {
    const fresh = await startAttackedGateway()
    Object.assign(fresh.wrong.behaviour, behaviour)
    const response = await signInWrong(fresh)
    await fresh.close()
    expect(response.status).toBe(200)
  })
})

/** The same token for somebody else, with the signature that it had. */
function withOtherSub(token: string): string {
  const [header, payload, signature] = token.split('.')
  return [header, encode({ ...decode(payload), sub: '1' }), signature].join('.')
}

/** The same claims signed by the attacker, who puts the key into the header (CVE-2018-0114). */
function withOwnKey(token: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [header, payload] = token.split('.')
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }
  const input = `${encode({ ...decode(header), jwk })}.${payload}`
  return `${input}.${signature(input, privateKey)}`
}

function signature(input: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(part = ''): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}
