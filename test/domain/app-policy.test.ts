import { describe, expect, test } from 'vitest'
import { type AppCaller, type AppPolicy, judgeApp, sharedPrefix } from '../../src/domain/app-policy.ts'

const app = (change: Partial<AppPolicy> = {}): AppPolicy => ({
  host: 'app.example.com',
  pathPrefixes: [],
  groups: [],
  roles: [],
  scopes: [],
  methods: ['session', 'key', 'jwt'],
  ...change,
})
const at = (...pathPrefixes: string[]) => app({ pathPrefixes })
const session: AppCaller = { role: 'member', groups: ['ops'], scopes: [], method: 'session' }
const key: AppCaller = { ...session, scopes: ['reports:read', 'reports:write'], method: 'key' }
const nobodys = app({ groups: ['nobody'] })

describe('who an app lets in', () => {
  test.each<[string, Partial<AppPolicy>, AppCaller, string]>([
    ['an app that asks for nothing', {}, session, 'allowed'],
    ['a way of proof that is not listed', { methods: ['key', 'jwt'] }, session, 'method'],
    ['another way of proof that is not listed', { methods: ['session'] }, key, 'method'],
    ['one of several roles', { roles: ['admin', 'member'] }, session, 'allowed'],
    ['another role', { roles: ['admin'] }, session, 'role'],
    ['an admin, where members are named', { roles: ['member'] }, { ...session, role: 'admin' }, 'role'],
    ['one of several groups', { groups: ['dev', 'ops'] }, session, 'allowed'],
    ['none of the groups', { groups: ['dev', 'sales'] }, session, 'group'],
    ['no groups at all', { groups: ['ops'] }, { ...session, groups: [] }, 'group'],
    ['all of the scopes', { scopes: ['reports:read', 'reports:write'] }, key, 'allowed'],
    ['all but one of the scopes', { scopes: ['reports:read', 'admin'] }, key, 'scope'],
    ['scopes of a session, which has none', { scopes: ['reports:read'] }, session, 'scope'],
    ['a group whose name only begins alike', { groups: ['op', 'ops2', 'OPS'] }, session, 'group'],
    [
      'all conditions at once',
      { roles: ['member'], groups: ['ops'], scopes: ['reports:read'], methods: ['key'] },
      key,
      'allowed',
    ],
  ])('%s', (_, change, caller, expected) => {
    expect(judgeApp([app(change)], '/', caller)).toBe(expected)
  })

  test('a host without an app is unknown, whatever the path', () => {
    for (const path of ['/', '//', '/%2e']) expect(judgeApp([], path, session)).toBe('unknown_host')
  })
})

describe('which app decides', () => {
  test('is the one with the longest prefix, in whatever order they come', () => {
    const apps = [app(), { ...nobodys, pathPrefixes: ['/admin'] }, at('/admin/public', '/x')]
    for (const order of [apps, apps.toReversed()]) {
      for (const path of ['/', '/other', '/administrator', '/admin/public', '/admin/public/a', '/x/admin'])
        expect(judgeApp(order, path, session), path).toBe('allowed')
      for (const path of ['/admin', '/admin/', '/admin/private', '/admin/publications'])
        expect(judgeApp(order, path, session), path).toBe('group')
    }
  })

  test('is none where the host has apps, but none of this path', () => {
    for (const path of ['/', '/b', '/ab', '/b/a'])
      expect(judgeApp([at('/a'), at('/c')], path, session), path).toBe('no_app_for_path')
  })

  test('is each of those that tie, and all of them have to allow', () => {
    for (const prefixes of [[], ['/'], ['/a']]) {
      const tie = [app({ pathPrefixes: prefixes }), { ...nobodys, pathPrefixes: prefixes }]
      expect(judgeApp(tie, '/a', session)).toBe('group')
      expect(judgeApp(tie.toReversed(), '/a', session)).toBe('group')
    }
    expect(judgeApp([app(), { ...nobodys, pathPrefixes: ['/'] }], '/', session)).toBe('group')
    expect(judgeApp([app(), at('/')], '/', session)).toBe('allowed')
  })

  test('is asked by the longest of its own prefixes', () => {
    const apps = [at('/a', '/a/b/c'), { ...nobodys, pathPrefixes: ['/a/b'] }]
    expect(judgeApp(apps, '/a/x', session)).toBe('allowed')
    expect(judgeApp(apps, '/a/b/x', session)).toBe('group')
    expect(judgeApp(apps, '/a/b/c/x', session)).toBe('allowed')
  })
})

describe('an ambiguous path', () => {
  const apps = [app(), { ...nobodys, pathPrefixes: ['/admin'] }]
  test.each([
    '//admin',
    '/./admin',
    '/x/../admin',
    '/admin%2Fx',
    '/a%5Cdmin',
    '/%2561dmin',
    '/%2e/admin',
    '/admin;x',
  ])('is closed where an app of the host has prefixes: %s', (path) => {
    expect(judgeApp(apps, path, session)).toBe('ambiguous_path')
    expect(judgeApp([at('/')], path, session)).toBe('ambiguous_path')
    expect(judgeApp([app()], path, session)).toBe('allowed')
  })

  test.each([
    '/Admin',
    '/ADMIN/x',
    '/%41dmin',
    '/%61dmin',
    '/adm%49n',
    '/%EF%BD%81dmin',
    '/%C5%BFx',
    '/admin.',
    '/admin%20/x',
    '/Admin..%20',
  ])('is one that only some servers read as the path of an app: %s', (path) => {
    const long = [...apps, { ...nobodys, pathPrefixes: ['/sx'] }]
    expect(judgeApp(long, path, session)).toBe('ambiguous_path')
  })

  test('is not one whose other readings the same app decides', () => {
    const own = [app(), at('/Admin', '/admin'), { ...nobodys, pathPrefixes: ['/caf%C3%A9'] }]
    for (const path of ['/Admin', '/admin', '/admin/X', '/x/%7Eada', '/x%20y', '/%78', '/x.', '/admin.json'])
      expect(judgeApp(own, path, session), path).toBe('allowed')
    for (const path of ['/caf%C3%A9', '/caf%c3%a9/x']) expect(judgeApp(own, path, session)).toBe('group')
    expect(judgeApp(own, '/caf%C3%89', session)).toBe('ambiguous_path')
  })
})

test('a path of any length and shape is judged in a moment', () => {
  const apps = [app(), ...Array.from({ length: 20 }, (_, n) => at(`/${n}`))]
  const before = performance.now()
  for (const part of ['.', '%20', '. ', '/.a', 'a/', '%C3%A9', '%EF%BC%8E', '/..', '%25'])
    judgeApp(apps, `/a${part.repeat(60_000 / part.length)}x`, session)
  expect(performance.now() - before).toBeLessThan(2000)
})

describe('two apps of a host', () => {
  test.each([
    [[], [], '/'],
    [[], ['/'], '/'],
    [['/a', '/b'], ['/c', '/b'], '/b'],
    [['/Admin'], ['/admin'], '/Admin'],
    [['/caf%C3%A9'], ['/CAF%C3%89'], '/caf%C3%A9'],
    [[], ['/a'], null],
    [['/a'], ['/a/b'], null],
    [['/a'], ['/ab'], null],
  ])('of %j and %j share %j', (one, other, expected) => {
    expect(sharedPrefix(at(...one), at(...other))).toBe(expected)
  })
})
