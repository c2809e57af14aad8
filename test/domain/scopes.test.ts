import { describe, expect, test } from 'vitest'
import {
  adminScopes,
  effectiveScopes,
  introspectScope,
  isGrantableScope,
  isReservedScope,
  isScope,
  needsAdminOwner,
  wholeAdminScope,
} from '../../src/domain/scopes.ts'

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
  ])(
    'own %j under the limit %j are %j: exact match, no wildcard, no prefix',
    (own, scopeLimit, effective) => {
      for (const role of ['member', 'admin']) {
        expect(effectiveScopes(own, { scopeLimit, role })).toEqual(effective)
      }
    },
  )
})

describe('scopes that are rights on Keydesk itself', () => {
  const ofAdmins = [...adminScopes, wholeAdminScope]

  test.each([...ofAdmins, introspectScope])('%s is one that a key can carry', (scope) => {
    expect(isScope(scope)).toBe(true)
    expect(isReservedScope(scope)).toBe(true)
    expect(isGrantableScope(scope)).toBe(true)
  })

  test.each([
    'keydesk:',
    'keydesk:x',
    'keydesk:keys',
    'keydesk:keys.write',
    'keydesk:keys.read.all',
    'keydesk:admin/x',
    'keydesk:adminx',
    'keydesk:*',
    'KEYDESK:admin',
    'keydesk:admin ',
  ])('%j is none that there is, so no key can carry it', (scope) => {
    expect(isGrantableScope(scope)).toBe(false)
  })

  test.each(['keydesk', 'keydesk.admin', 'akeydesk:admin', 'admin', 'reports.read'])(
    '%s is nobody’s but the company’s, and any key can carry it',
    (scope) => {
      expect(isGrantableScope(scope)).toBe(true)
      expect(needsAdminOwner(scope)).toBe(false)
      expect(effectiveScopes([scope], { scopeLimit: null, role: 'member' })).toEqual([scope])
    },
  )

  test.each(ofAdmins)('%s counts only while its owner is an admin', (scope) => {
    expect(needsAdminOwner(scope)).toBe(true)
    expect(effectiveScopes(['a', scope], { scopeLimit: null, role: 'admin' })).toEqual(['a', scope])
    for (const role of ['member', '', 'Admin', 'admin ', 'owner']) {
      expect(effectiveScopes(['a', scope], { scopeLimit: null, role })).toEqual(['a'])
      expect(effectiveScopes(['a', scope], { scopeLimit: ['a', scope], role })).toEqual(['a'])
    }
  })

  test('one that this version does not know counts only with an admin as well', () => {
    expect(effectiveScopes(['keydesk:future'], { scopeLimit: null, role: 'member' })).toEqual([])
    expect(effectiveScopes(['keydesk:future'], { scopeLimit: null, role: 'admin' })).toEqual([
      'keydesk:future',
    ])
  })

  test('the right to ask about the keys of others needs no admin as the owner, only the limit is in its way', () => {
    expect(needsAdminOwner(introspectScope)).toBe(false)
    for (const role of ['member', 'admin']) {
      expect(effectiveScopes([introspectScope], { scopeLimit: null, role })).toEqual([introspectScope])
      expect(effectiveScopes([introspectScope], { scopeLimit: ['a'], role })).toEqual([])
    }
  })

  test('the limit of an admin cuts these too, and the whole right is not what another one is a part of', () => {
    const own = [wholeAdminScope, 'keydesk:keys.read']
    expect(effectiveScopes(own, { scopeLimit: [], role: 'admin' })).toEqual([])
    expect(effectiveScopes(own, { scopeLimit: ['keydesk:keys.read'], role: 'admin' })).toEqual([
      'keydesk:keys.read',
    ])
    expect(effectiveScopes(own, { scopeLimit: [wholeAdminScope], role: 'admin' })).toEqual([wholeAdminScope])
    expect(effectiveScopes([wholeAdminScope], { scopeLimit: ['keydesk:keys.read'], role: 'admin' })).toEqual(
      [],
    )
  })
})
