import { describe, expect, test } from 'vitest'
import { effectiveScopes, isReservedScope, isScope } from '../../src/domain/scopes.ts'

describe('scopes', () => {
  test.each(['a', '0', 'reports.read', 'a:b/c-d_e.f', '9'.repeat(64), 'keydesk:admin', 'repo:acme/app'])(
    '%s is a scope',
    (text) => {
      expect(isScope(text)).toBe(true)
    },
  )

  test.each([
    ...[
      '',
      ' ',
      'A',
      'reports.Read',
      '.a',
      '-a',
      '_a',
      ':a',
      '/a',
      '*',
      'a*',
      'a b',
      ' a',
      'a ',
      'a\n',
      '\na',
    ],
    ...['a,b', 'a+b', 'a%20', 'é', 'а', 'a\u0000', 'a'.repeat(65), "a'--", 'scopes:["*"]', 'a\u200b'],
  ])('%j is none', (text) => {
    expect(isScope(text)).toBe(false)
  })

  test.each([
    ['keydesk:admin', true],
    ['keydesk:', true],
    ['keydesk:x/y', true],
    ['keydesk', false],
    ['keydesk.admin', false],
    ['akeydesk:admin', false],
  ])('%s is reserved: %s', (scope, reserved) => {
    expect(isReservedScope(scope)).toBe(reserved)
  })

  test.each([
    [['a', 'b'], null, ['a', 'b']],
    [['a', 'b'], [], []],
    [['a', 'b'], ['b', 'c'], ['b']],
    [[], ['b', 'c'], []],
    [['a:b'], ['a'], []],
    [['a'], ['a:b', 'a*'], []],
    [
      ['b', 'a'],
      ['a', 'b'],
      ['b', 'a'],
    ],
  ])('own %j under the limit %j are %j: exact match, no wildcard, no prefix', (own, limit, effective) => {
    expect(effectiveScopes(own, limit)).toEqual(effective)
  })
})
