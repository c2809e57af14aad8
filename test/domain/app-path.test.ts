import { describe, expect, test } from 'vitest'
import { isAmbiguousPath, isBelow, parsePathPrefix } from '../../src/domain/app-path.ts'

/** What one server reads as another path than the next. */
const ambiguous = [
  '',
  'admin',
  '*',
  '//',
  '//admin',
  '/a//b',
  '/a//',
  '/.',
  '/./admin',
  '/a/.',
  '/..',
  '/../admin',
  '/a/../admin',
  '/a/..',
  '\\admin',
  '/a\\b',
  '/a%2Fb',
  '/a%2fb',
  '/a%5Cb',
  '/a%5cb',
  '/a%25b',
  '/a%252fb',
  '/%2e',
  '/%2E%2E/admin',
  '/a%2Etxt',
  '/a%00',
  '/a%0d%0a',
  '/a%1f',
  '/a%7F',
  '/a%c2%85',
  '/a%',
  '/a%2',
  '/a%zz',
  '/a%u0061',
  '/a%ff',
  '/a%c0%af',
  '/a%ed%a0%80',
  '/a;b',
  '/admin;x=1/b',
  '/a%3Bb',
  '/a?b',
  '/a#b',
  '/ä',
  '/a b',
  '/a\tb',
  '/a\u0000',
  // Compatibility forms of a backslash, a percent sign, two dots and a semicolon.
  '/a%EF%BC%BCb',
  '/a%EF%BC%8541',
  '/%E2%80%A5/a',
  '/%EF%BC%8E%EF%BC%8E/a',
  '/a%EF%BC%9Bb',
  '/%EF%BC%8Fa',
]

const plain = [
  '/',
  '/admin',
  '/admin/',
  '/a/b/c',
  '/a.b',
  '/.well-known/x',
  '/...',
  '/a..b',
  '/~ada',
  '/%7Eada',
  '/%61dmin',
  '/a%20b',
  '/caf%C3%A9',
  '/caf%c3%a9',
  '/a+b',
  '/a@b:c',
  "/a!$&'()*,=b",
]

describe('a path', () => {
  test.each(ambiguous)('%j is ambiguous, and no prefix of an app', (path) => {
    expect(isAmbiguousPath(path)).toBe(true)
    expect(parsePathPrefix(path)).toBeNull()
  })

  test.each(plain)('%j is not ambiguous', (path) => {
    expect(isAmbiguousPath(path)).toBe(false)
  })

  test.each([
    ['/', '/'],
    ['/admin', '/admin'],
    ['/admin/', '/admin'],
    ['/Admin', '/Admin'],
    ['/%61dm%69n', '/admin'],
    ['/%7eada', '/~ada'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a%20b/', '/a%20b'],
  ])('the prefix %s is kept as %s', (text, path) => {
    expect(parsePathPrefix(text)).toBe(path)
  })

  test('a prefix has at most 500 characters', () => {
    expect(parsePathPrefix(`/${'a'.repeat(499)}`)).not.toBeNull()
    expect(parsePathPrefix(`/${'a'.repeat(500)}`)).toBeNull()
  })

  test.each([
    ['/admin', '/admin', true],
    ['/admin/', '/admin', true],
    ['/admin/x/y', '/admin', true],
    ['/administrator', '/admin', false],
    ['/admin-x', '/admin', false],
    ['/admin.json', '/admin', false],
    ['/', '/admin', false],
    ['/x/admin', '/admin', false],
    ['/', '/', true],
    ['/anything', '/', true],
  ])('%s is below %s, segment by segment: %s', (path, prefix, expected) => {
    expect(isBelow(path, prefix)).toBe(expected)
  })
})
