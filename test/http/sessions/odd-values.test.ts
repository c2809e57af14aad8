import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attacked, startAttackedGateway } from '../../support/attack.ts'
import { expectContract } from '../../support/negative-contract.ts'
import { sendRaw } from '../../support/raw-request.ts'
import { type SignedInBrowser, signInWrongForSession, stateAt } from '../../support/signed-in.ts'

describe('a cookie that is not the one value of a session', () => {
  let context: Attacked
  let browser: SignedInBrowser
  beforeAll(async () => {
    context = await startAttackedGateway({
      AUTH_BASE_URL: 'https://keys.corp.test',
      COOKIE_DOMAIN: 'corp.test',
      ALLOWED_DOMAINS: 'example.com',
      ADMIN_EMAILS: 'wanda@example.com',
      AUTH_RATE_LIMIT: 'off',
      FAILURE_RATE_LIMIT: 'off',
    })
    browser = await signInWrongForSession(context)
  })
  afterAll(() => context.close())

  const doors = [
    ['GET', '/auth/session', 401],
    ['GET', '/account', 303],
    ['POST', '/account/identities', 401],
    ['GET', '/admin/users', 401],
    ['DELETE', '/admin/sessions', 401],
    ['POST', '/auth/logout', 204],
    ['POST', '/auth/logout/everywhere', 204],
    ['GET', '/', 200],
  ] as const

  /** Holds that these Cookie lines open nothing, and that none of the doors ends the session. */
  async function expectNobody(...cookies: (string | Buffer)[]) {
    for (const [method, path, status] of doors) {
      const what = `${method} ${path}: ${cookies.map((cookie) => String(cookie).slice(0, 80)).join(' | ')}`
      const answer = await sendRaw(context.gateway.url, {
        method,
        path,
        headers: [...cookies.map((cookie) => ['Cookie', cookie] as const), ['Sec-Fetch-Site', 'same-origin']],
      })
      expectContract(answer, what)
      expect(answer.status, what).toBe(status)
      if (status < 400) expect(answer.body, what).not.toContain('Wanda')
    }
    expect((await stateAt(context.gateway, browser.secret)).status).toBe(200)
  }

  test('the value of the apps opens nothing of Keydesk, under its own name and under the other', async () => {
    const { secret, appSecret } = browser
    await expectNobody(`__Secure-keydesk-app=${appSecret}`)
    await expectNobody(`__Host-keydesk=${appSecret}`)
    await expectNobody(`__Secure-keydesk-app=${secret}`)
    await expectNobody(`__Host-keydesk=${appSecret}; __Secure-keydesk-app=${secret}`)
  })

  test('two of its name are nobody’s, whichever comes first and however they are sent', async () => {
    const good = `__Host-keydesk=${browser.secret}`
    await expectNobody(`${good}; ${good}`)
    await expectNobody(`${good}; __Host-keydesk=x`)
    await expectNobody(`__Host-keydesk=; ${good}`)
    await expectNobody(`a=b;${good};${good};c=d`)
    await expectNobody(good, good)
    await expectNobody(good, '__Host-keydesk=x')
  })

  test('a name that only looks like it is another cookie', async () => {
    const { secret } = browser
    for (const name of [
      '__host-keydesk',
      '__HOST-KEYDESK',
      '__Host-keydesk ',
      '__Host-keydesk\t',
      'x__Host-keydesk',
      '__Host-keydesk-app',
      '__Secure-keydesk',
      'keydesk',
      '__Host-keydesk[0]',
      '=__Host-keydesk',
      '__Host%2Dkeydesk',
      '$Version=1; $__Host-keydesk',
    ])
      await expectNobody(`${name}=${secret}`)
    await expectNobody(`a=b, __Host-keydesk=${secret}`)
  })

  test('the value shortened, extended, re-spelled or in another case is nobody’s', async () => {
    const { secret } = browser
    const swapped = [...secret]
      .map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
      .join('')
    // The last of 43 letters holds two bits that are not in the bytes.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(secret.at(-1) ?? '')
    for (const value of [
      secret.slice(0, -1),
      secret.slice(1),
      `${secret}A`,
      `${secret}=`,
      `${secret}%`,
      `"${secret}"`,
      `'${secret}'`,
      `${secret}.`,
      `${secret}\u0000`,
      `%${secret.charCodeAt(0).toString(16)}${secret.slice(1)}`,
      swapped,
      secret.slice(0, -1) + alphabet[last ^ 1],
      Buffer.from(secret, 'base64url').toString('hex'),
      secret.slice(0, 20).padEnd(43, 'A'),
      `${secret},${secret}`,
    ].filter((value) => !value.includes('\u0000')))
      await expectNobody(`__Host-keydesk=${value}`)
  })

  test('garbage, SQL, other alphabets and 5 kB are nobody’s, and never an error of ours', async () => {
    for (const value of [
      '',
      ' ',
      '=',
      ';;;',
      'null',
      'undefined',
      'true',
      '0',
      '*',
      "' OR '1'='1",
      "x' UNION SELECT * FROM sessions --",
      '"; DROP TABLE sessions; --',
      '%',
      '%00',
      '%ff%fe',
      '%E0%A4%A',
      '{"$gt":""}',
      '../../etc/passwd',
      '<script>alert(1)</script>',
      'ключ-от-двери',
      '🔑🔑🔑',
      '鍵'.repeat(43),
      'Ａ'.repeat(43),
      'A'.repeat(42),
      'A'.repeat(43),
      'A'.repeat(44),
      'A'.repeat(5000),
      '-'.repeat(43),
      '_'.repeat(43),
      Buffer.from([0x80, 0xff, 0xc0, 0x80]),
    ])
      await expectNobody(Buffer.concat([Buffer.from('__Host-keydesk='), Buffer.from(value)]))
  })

  test('the hash of a value, as the database holds it, is nobody’s', async () => {
    for (const { secret_hash, app_secret_hash, id } of await context.gateway.database.rows(
      'SELECT * FROM sessions',
    ))
      for (const value of [secret_hash, app_secret_hash, id]) await expectNobody(`__Host-keydesk=${value}`)
  })

  test('many cookies beside the right one do no harm', async () => {
    const others = Array.from({ length: 60 }, (_, index) => `c${index}=${'v'.repeat(60)}`).join('; ')
    for (const cookie of [
      `${others}; __Host-keydesk=${browser.secret}`,
      `__Host-keydesk=${browser.secret}; ${others}`,
      `;;__Host-keydesk=${browser.secret};`,
      `=; bad"; __Host-keydesk=${browser.secret}`,
    ])
      expect((await context.gateway.fetch('/auth/session', { headers: { cookie } })).status).toBe(200)
  })
})
