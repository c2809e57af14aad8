import { describe, expect, test } from 'vitest'
import { readIdentityClaims } from '../../src/domain/identity-claims.ts'

const google = 'https://accounts.google.com'
const other = 'https://idp.test'
const good = { sub: '1068', email: 'ada@corp.com', email_verified: true, hd: 'corp.com', name: 'Ada' }
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(good).filter(([name]) => !names.includes(name)))

const issuedBy = (issuer: string, trustsEmail = false) => ({ issuer, trustsEmail })

describe('the claims of an identity', () => {
  test('are read from the ID token', () => {
    const picture = 'https://pictures.test/a.png'
    expect(readIdentityClaims({ ...good, picture }, {}, issuedBy(google))).toEqual({
      outcome: 'good',
      claims: {
        subject: '1068',
        email: 'ada@corp.com',
        emailVerified: true,
        name: 'Ada',
        picture,
        hd: 'corp.com',
      },
    })
  })

  test.each([
    [
      'all but sub from UserInfo',
      { sub: '1068' },
      good,
      { email: 'ada@corp.com', name: 'Ada', hd: 'corp.com' },
    ],
    ['the same email in another case', good, { email: 'ADA@Corp.Com' }, { email: 'ada@corp.com' }],
    ['hd in another case', { ...good, hd: 'CORP.com' }, { hd: 'corp.COM' }, { hd: 'corp.com' }],
    ['the name of the ID token first', good, { name: 'Eve' }, { name: 'Ada' }],
    ['a name of the wrong type', { ...good, name: 7 }, {}, { name: null }],
    ['a blank name', { ...good, name: ' \u0000 ' }, {}, { name: null }],
    ['a name with NUL and a lone surrogate', { ...good, name: 'A\u0000d\ud800a' }, {}, { name: 'Ada' }],
    ['a very long name', { ...good, name: 'a'.repeat(9000) }, {}, { name: 'a'.repeat(200) }],
    ['a picture over http', { ...good, picture: 'http://x.test/a' }, {}, { picture: null }],
    ['a picture that is a script', { ...good, picture: 'javascript:alert(1)' }, {}, { picture: null }],
    ['verified said by UserInfo alone', without('email_verified'), { email_verified: true }, {}],
  ])('good: %s', (_, idToken, userInfo, claims) => {
    expect(readIdentityClaims(idToken, userInfo, issuedBy(google))).toMatchObject({ outcome: 'good', claims })
  })

  test.each([
    ['no sub', without('sub'), {}, 'subject_unusable'],
    ['a numeric sub', { ...good, sub: 1068 }, {}, 'subject_unusable'],
    ['an empty sub', { ...good, sub: '' }, {}, 'subject_unusable'],
    ['a sub of 256 characters', { ...good, sub: 'a'.repeat(256) }, {}, 'subject_unusable'],
    ['a sub with a space', { ...good, sub: '10 68' }, {}, 'subject_unusable'],
    ['a sub with NUL', { ...good, sub: '10\u000068' }, {}, 'subject_unusable'],
    ['a sub outside of ASCII', { ...good, sub: '１０' }, {}, 'subject_unusable'],
    ['no email', without('email'), {}, 'no_email'],
    ['an email of null', { ...good, email: null }, {}, 'no_email'],
    ['an email that is a list', { ...good, email: ['ada@corp.com'] }, {}, 'no_email'],
    ['an email with two @', { ...good, email: 'ada@evil.com@corp.com' }, {}, 'no_email'],
    ['an email with a look-alike', { ...good, email: 'аda@corp.com' }, {}, 'no_email'],
    ['an unusable email in UserInfo', good, { email: 'ada' }, 'no_email'],
    ['two different emails', good, { email: 'eve@corp.com' }, 'emails_differ'],
    ['not verified', { ...good, email_verified: false }, {}, 'email_unverified'],
    ['verified as the text "true"', { ...good, email_verified: 'true' }, {}, 'email_unverified'],
    ['verified as the text "false"', { ...good, email_verified: 'false' }, {}, 'email_unverified'],
    ['verified as 1', { ...good, email_verified: 1 }, {}, 'email_unverified'],
    ['verified as null', { ...good, email_verified: null }, {}, 'email_unverified'],
    ['verified is missing', without('email_verified'), {}, 'email_unverified'],
    ['verified in the ID token, not in UserInfo', good, { email_verified: false }, 'email_unverified'],
    [
      'verified in UserInfo, not in the ID token',
      { ...good, email_verified: false },
      { email_verified: true },
      'email_unverified',
    ],
    ['two different hd', good, { hd: 'evil.test' }, 'hd_differs'],
    ['hd of the wrong type', { ...good, hd: ['corp.com'] }, {}, 'hd_differs'],
    ['an empty hd', { ...good, hd: '' }, {}, 'hd_differs'],
    ['hd of null', { ...good, hd: null }, {}, 'hd_differs'],
  ])('refused: %s', (_, idToken, userInfo, reason) => {
    expect(readIdentityClaims(idToken, userInfo, issuedBy(google))).toMatchObject({
      outcome: 'refused',
      reason,
    })
    expect(readIdentityClaims(idToken, userInfo, issuedBy(other))).toMatchObject({
      outcome: 'refused',
      reason,
    })
  })

  test.each([
    ['gmail.com without hd', google, 'ada@gmail.com', undefined, 'good'],
    ['GMAIL.com without hd', google, 'Ada@GMAIL.com', undefined, 'good'],
    [
      'a foreign address without hd: Google is no authority over it',
      google,
      'ada@corp.com',
      undefined,
      'refused',
    ],
    ['an address that only ends like gmail.com', google, 'ada@evilgmail.com', undefined, 'refused'],
    ['gmail.com as a beginning', google, 'ada@gmail.com.evil.test', undefined, 'refused'],
    ['a foreign address with hd', google, 'ada@corp.com', 'corp.com', 'good'],
    ['a foreign address without hd at another issuer', other, 'ada@corp.com', undefined, 'good'],
  ])('%s', (_, issuer, email, hd, outcome) => {
    const claims = { ...without('hd', 'email'), email, ...(hd === undefined ? {} : { hd }) }
    expect(readIdentityClaims(claims, {}, issuedBy(issuer)).outcome).toBe(outcome)
  })
})
