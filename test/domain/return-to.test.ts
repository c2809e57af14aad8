import { describe, expect, test } from 'vitest'
import { parseReturnOrigin, parseReturnTo, type ReturnOrigin } from '../../src/domain/return-to.ts'
import { openRedirectCorpus } from '../support/open-redirect-corpus.ts'

const own = 'https://keys.corp.test'
const isPublicSuffix = (hostname: string) => ['test', 'corp-hosting.test', 'com'].includes(hostname)
const origins = [
  'https://app.corp.test',
  'https://*.apps.corp.test',
  'https://tools.corp.test:8443',
  'http://localhost:5173',
]
  .map((text) => parseReturnOrigin(text, isPublicSuffix))
  .filter((origin): origin is ReturnOrigin => origin !== null)

describe('where a browser is sent back to', () => {
  test.each([
    ['/', `${own}/`],
    ['/account', `${own}/account`],
    ['/account?tab=keys&x=%2F#end', `${own}/account?tab=keys&x=%2F#end`],
    ['/x/../y', `${own}/y`],
    ['/authors', `${own}/authors`],
    ['/my/auth/login', `${own}/my/auth/login`],
    [`${own}/console`, `${own}/console`],
    ['https://app.corp.test', 'https://app.corp.test/'],
    ['https://APP.corp.test/a?b=c', 'https://app.corp.test/a?b=c'],
    ['https://app.corp.test:443/', 'https://app.corp.test/'],
    ['https://one.apps.corp.test/x', 'https://one.apps.corp.test/x'],
    ['https://a.b.apps.corp.test/', 'https://a.b.apps.corp.test/'],
    ['https://tools.corp.test:8443/x', 'https://tools.corp.test:8443/x'],
    ['http://localhost:5173/dev', 'http://localhost:5173/dev'],
    ['https://app.corp.test/auth/login', 'https://app.corp.test/auth/login'],
  ])('%s is allowed', (text, expected) => {
    expect(parseReturnTo(text, own, origins)?.href).toBe(expected)
  })

  test.each([
    'https://apps.corp.test/',
    'https://evilapps.corp.test/',
    'https://one.apps.corp.test:444/',
    'http://one.apps.corp.test/',
    'https://tools.corp.test/',
    'http://localhost/',
    'https://localhost:5173/',
    'http://keys.corp.test/',
    'https://.apps.corp.test/',
  ])('%s is not: another host, port or scheme', (text) => {
    expect(parseReturnTo(text, own, origins)).toBeNull()
  })

  test('at most 2,500 bytes are taken', () => {
    expect(parseReturnTo(`/${'a'.repeat(2499)}`, own, origins)).not.toBeNull()
    expect(parseReturnTo(`/${'a'.repeat(2500)}`, own, origins)).toBeNull()
  })

  test('none of more than 500 tricks leads away, back into signing in, or into a header', () => {
    expect(openRedirectCorpus.length).toBeGreaterThan(500)
    const allowed = new Set([own, 'https://app.corp.test'])
    for (const text of openRedirectCorpus) {
      const url = parseReturnTo(text, own, origins)
      if (url === null) continue
      expect(allowed, text).toContain(new URL(url.href, own).origin)
      expect(`${url.username}${url.password}`, text).toBe('')
      expect(url.href, text).toMatch(/^[!-~]+$/)
      expect(url.origin === own && /^\/+auth\b/i.test(decodeURIComponent(url.pathname)), text).toBe(false)
    }
  })
})

describe('an origin that may be returned to', () => {
  test.each([
    'app.corp.test',
    'https://*.test',
    'https://*.corp-hosting.test',
    'https://*',
    'https://*.*.corp.test',
    'https://a.*.corp.test',
    'https://*app.corp.test',
    'http://app.corp.test',
    'https://app.corp.test/',
    'https://app.corp.test/path',
    'https://app.corp.test?x',
    'https://u@app.corp.test',
    'https://app.corp.test.',
    'https://*.127.0.0.1',
    'https://app.corp.test:99999',
    'ftp://app.corp.test',
    'javascript:alert(1)',
    '',
  ])('is never %s', (text) => {
    expect(parseReturnOrigin(text, isPublicSuffix)).toBeNull()
  })
})
