import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { authCodeHash, newAuthCode, withAuthCode } from '../../src/domain/auth-code.ts'
import { isCodeChallenge, isCodeVerifier, meetsChallenge } from '../../src/domain/code-challenge.ts'

describe('a one-time code', () => {
  test('has 256 random bits, and is known by a hash alone', () => {
    const codes = new Set(Array.from({ length: 1000 }, newAuthCode))
    expect(codes.size).toBe(1000)
    for (const code of codes) expect(Buffer.from(code, 'base64url')).toHaveLength(32)
    const code = newAuthCode()
    expect(authCodeHash(code)).toBe(createHash('sha256').update(code).digest('base64url'))
  })

  test.each([
    '',
    'x',
    'x'.repeat(42),
    'x'.repeat(44),
    `${'x'.repeat(42)}=`,
    `${'x'.repeat(42)}é`,
    'x'.repeat(50_000),
  ])('what has another form is none: %s', (text) => expect(authCodeHash(text)).toBeNull())
})

describe('a code in a URL', () => {
  test.each([
    ['https://app.test/', 'https://app.test/?auth_code=C'],
    ['https://app.test/a?', 'https://app.test/a?auth_code=C'],
    ['https://app.test/a?b=c', 'https://app.test/a?b=c&auth_code=C'],
    ['https://app.test/a?b=c#d', 'https://app.test/a?b=c&auth_code=C#d'],
    ['https://app.test/#/deep?auth_code=x', 'https://app.test/?auth_code=C#/deep?auth_code=x'],
    [
      'https://app.test/?a=1&b=%2B+%23%26&a=%E2%82%AC',
      'https://app.test/?a=1&b=%2B+%23%26&a=%E2%82%AC&auth_code=C',
    ],
    ['https://app.test/?a&&b=', 'https://app.test/?a&&b=&auth_code=C'],
    ['https://app.test/?%zz=1', 'https://app.test/?%zz=1&auth_code=C'],
  ])('everything else of %s stays as it was', (url, expected) => {
    expect(withAuthCode(new URL(url), 'C').href).toBe(expected)
  })

  test.each([
    'auth_code=planted',
    'auth_code',
    'auth%5Fcode=planted',
    '%61uth_code=planted',
    'auth_code=a&auth_code=b&auth%5fcode=c',
  ])('%s, which was there, gives way', (query) => {
    const { search } = withAuthCode(new URL(`https://app.test/?a=1&${query}&b=2`), 'C')
    expect(search).toBe('?a=1&b=2&auth_code=C')
    expect(new URLSearchParams(search).getAll('auth_code')).toEqual(['C'])
  })

  test('a name that only looks like it stays', () => {
    const { search } = withAuthCode(
      new URL('https://app.test/?my_auth_code=1&?auth_code=2&auth_codes=3'),
      'C',
    )
    expect(search).toBe('?my_auth_code=1&?auth_code=2&auth_codes=3&auth_code=C')
  })
})

describe('PKCE', () => {
  // RFC 7636, appendix B.
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

  test('the verifier of a challenge meets it, and no other text does', () => {
    expect(meetsChallenge(verifier, challenge)).toBe(true)
    const others = [verifier.slice(1), `${verifier}a`, verifier.toUpperCase(), challenge, '', 'x'.repeat(43)]
    for (const other of others) expect(meetsChallenge(other, challenge), other).toBe(false)
  })

  test('a verifier of another form meets nothing, not even its own challenge', () => {
    for (const text of ['', 'x'.repeat(42), 'x'.repeat(129), `${'x'.repeat(43)} `, 'é'.repeat(43)]) {
      expect(isCodeVerifier(text)).toBe(false)
      const own = createHash('sha256').update(text).digest('base64url')
      expect(meetsChallenge(text, own)).toBe(false)
    }
    for (const text of [verifier, 'x'.repeat(128), '-._~'.repeat(11)]) expect(isCodeVerifier(text)).toBe(true)
  })

  test('a challenge is 32 bytes in the one spelling of base64url that they have', () => {
    for (let count = 0; count < 200; count += 1)
      expect(isCodeChallenge(randomBytes(32).toString('base64url'))).toBe(true)
    const near = [
      challenge.slice(1),
      `${challenge}A`,
      `${challenge}=`,
      `${challenge.slice(0, -1)}N`,
      `${challenge}\n`,
    ]
    for (const text of [...near, challenge.replace('-', '+'), '', `${challenge.slice(1)}é`])
      expect(isCodeChallenge(text), text).toBe(false)
  })
})
