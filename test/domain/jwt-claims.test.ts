import { describe, expect, test } from 'vitest'
import {
  buildClaims,
  isFor,
  isOwnJwt,
  type JwtClaims,
  readClaims,
  splitScopes,
} from '../../src/domain/jwt-claims.ts'

const issuedAt = new Date('2027-03-01T10:00:00.900Z')
const iat = Date.parse('2027-03-01T10:00:00Z') / 1000
const subject = {
  id: 'usr_ada',
  email: 'ada@corp.com',
  name: 'Ada',
  role: 'member',
  groups: ['ops', 'finance'],
}
const build = (change: Partial<Parameters<typeof buildClaims>[0]> = {}) =>
  buildClaims({
    issuer: 'https://keys.corp.com',
    audience: 'https://app.corp.com',
    subject,
    scopes: ['reports:read'],
    proof: { key_id: 'aaaaaaaaaaaa' },
    jti: 'jwt_1',
    issuedAt,
    ttlSeconds: 300,
    endsAt: null,
    ...change,
  })

describe('the claims of a JWT', () => {
  test('say who, for whom, until when and from which key; roles are the role and the groups', () => {
    expect(build()).toEqual({
      iss: 'https://keys.corp.com',
      aud: 'https://app.corp.com',
      sub: 'usr_ada',
      email: 'ada@corp.com',
      name: 'Ada',
      roles: ['member', 'ops', 'finance'],
      groups: ['ops', 'finance'],
      scope: 'reports:read',
      jti: 'jwt_1',
      iat,
      exp: iat + 300,
      key_id: 'aaaaaaaaaaaa',
    })
  })

  test('name the session in the place of the key', () => {
    const claims = build({ proof: { sid: 'ses_1' }, scopes: [] })
    expect(claims).toMatchObject({ sid: 'ses_1', scope: '' })
    expect(claims).not.toHaveProperty('key_id')
  })

  test('never hold a right on Keydesk itself, nor what looks like one', () => {
    const scopes = ['keydesk:admin', 'a', 'keydesk:introspect', 'keydesk:future', 'b', 'keydesk:']
    expect(build({ scopes }).scope).toBe('a b')
  })

  test.each([
    ['in a minute', '2027-03-01T10:01:00.999Z', iat + 60],
    ['later than the JWT', '2027-03-01T10:05:01Z', iat + 300],
    ['in this very second', '2027-03-01T10:00:00.950Z', iat],
  ])('never outlive a key that ends %s', (_, endsAt, exp) => {
    expect(build({ endsAt: new Date(endsAt) }).exp).toBe(exp)
  })

  test('leave out what nobody has', () => {
    const claims = build({ subject: { ...subject, email: null, name: null } })
    expect(Object.keys(claims)).not.toContain('email')
    expect(Object.keys(claims)).not.toContain('name')
  })

  test('that were written are read again, and those of another form are not', () => {
    const claims = build()
    const read = (change: object) => readClaims(JSON.stringify({ ...claims, ...change }))
    expect(read({})).toEqual(claims)
    expect(read({ aud: ['https://app.corp.com', 'other'] })).not.toBeNull()
    const wrong = [
      ...[{ sid: 'ses_1' }, { key_id: undefined }, { key_id: 1 }, { aud: [] }, { aud: 1 }, { aud: [1] }],
      ...[
        { exp: '1' },
        { exp: 1.5 },
        { iat: null },
        { sub: undefined },
        { scope: ['a'] },
        { roles: 'member' },
      ],
      ...[{ groups: [1] }, { iss: undefined }, { jti: 7 }, { email: null }],
    ]
    for (const change of wrong) expect(read(change), JSON.stringify(change)).toBeNull()
    for (const text of ['', '[]', 'null', '"x"', '{', '1']) expect(readClaims(text), text).toBeNull()
  })

  test('are for an audience to the letter', () => {
    const claims = { aud: 'https://app.corp.com' } as JwtClaims
    expect(isFor(claims, 'https://app.corp.com')).toBe(true)
    for (const other of ['https://app.corp.com/', 'https://APP.corp.com', 'https://app.corp', ''])
      expect(isFor(claims, other), other).toBe(false)
    expect(isFor({ ...claims, aud: ['a', 'b'] }, 'b')).toBe(true)
    expect(isFor({ ...claims, aud: ['ab'] }, 'b')).toBe(false)
  })

  test('hold scopes between single spaces', () => {
    expect(splitScopes('')).toEqual([])
    expect(splitScopes('a b')).toEqual(['a', 'b'])
    expect(splitScopes('a  b')).toEqual(['a', '', 'b'])
  })
})

describe('an unverified look', () => {
  const jwtOf = (payload: unknown, signature = 'c2ln') =>
    ['{"alg":"none"}', JSON.stringify(payload) ?? 'undefined']
      .map((part) => Buffer.from(part).toString('base64url'))
      .concat(signature)
      .join('.')

  test('tells a JWT that names us from one of somebody else, signed or not', () => {
    expect(isOwnJwt(jwtOf({ iss: 'https://keys.corp.com' }), 'https://keys.corp.com')).toBe(true)
    expect(isOwnJwt(jwtOf({ iss: 'https://keys.corp.com' }, ''), 'https://keys.corp.com')).toBe(true)
    for (const iss of ['https://keys.corp.com/', 'https://evil.test', undefined, ['https://keys.corp.com']])
      expect(isOwnJwt(jwtOf({ iss }), 'https://keys.corp.com'), String(iss)).toBe(false)
  })

  test('never throws, whatever it is shown', () => {
    const texts = ['', '.', '..', 'a.b', 'a.b.c', 'a.b.c.d', '\u0000', 'é.é.é', 'x'.repeat(200_000)]
    texts.push(...[null, 1, 'x', [], undefined].map((payload) => jwtOf(payload)))
    texts.push(`a.${Buffer.from('['.repeat(30_000)).toString('base64url')}.c`)
    for (const text of texts) expect(isOwnJwt(text, 'https://keys.corp.com')).toBe(false)
  })
})
