import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { type PeopleContext, request, startPeople } from './people-context.ts'

const path = '/admin/apps'

describe('the apps behind the proxies', () => {
  let context: PeopleContext
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
  })
  afterAll(() => context.close())

  const add = (app: unknown) => context.send('POST', path, app)
  const made = (app: object) => context.done('POST', path, app)
  const remove = (id: string) => context.done('DELETE', `${path}/${id}`)
  const answerOf = async (response: Response) => ({ status: response.status, ...(await json(response)) })
  let count = 0
  const freshHost = () => {
    count += 1
    return `app${count}.example.com`
  }
  const whole = {
    host: 'reports.example.com',
    path_prefixes: ['/a', '/b/c'],
    groups: ['finance'],
    roles: ['admin'],
    scopes: ['reports:read'],
    methods: ['key', 'jwt'],
    note: 'the firm',
  }

  test('an app is made as it was written, is read and listed, and is removed once', async () => {
    const response = await add(whole)
    expect([response.status, response.headers.get('etag')]).toEqual([201, '"1"'])
    const app = await json(response)
    expect(app).toEqual({
      ...whole,
      id: expect.stringMatching(/^app_[0-9A-Za-z]{16}$/),
      created_by: 'master_key',
      created_at: expect.stringMatching(/Z$/),
      updated_at: app.created_at,
      version: 1,
    })
    const read = await context.send('GET', `${path}/${app.id}`)
    expect(read.headers.get('etag')).toBe('"1"')
    expect(await json(read)).toEqual(app)
    expect(await context.get(path)).toEqual({ data: [app], next_cursor: null, unknown_host: 'allow' })
    expect((await context.send('DELETE', `${path}/${app.id}`)).status).toBe(204)
    for (const method of ['GET', 'DELETE'])
      expect((await context.send(method, `${path}/${app.id}`)).status).toBe(404)
    expect((await context.send('PATCH', `${path}/${app.id}`, {})).status).toBe(404)
    expect((await context.get(path)).data).toEqual([])
  })

  test('an app of which only the host is said is open to everybody, by whatever proof', async () => {
    const app = await made({ host: 'open.example.com' })
    const open = { path_prefixes: [], groups: [], roles: [], scopes: [], note: null }
    expect(app).toMatchObject({ ...open, methods: ['session', 'key', 'jwt'] })
    await remove(app.id)
  })

  test.each([
    [' App.Example.COM. ', 'app.example.com'],
    ['app.example.com:443', 'app.example.com'],
    ['app.example.com:80', 'app.example.com'],
    ['app.example.com:8443', 'app.example.com:8443'],
    ['Bücher.example:8443', 'xn--bcher-kva.example:8443'],
    ['bücher。example', 'xn--bcher-kva.example'],
    ['10.0.0.7', '10.0.0.7'],
    ['[::1]:3000', '[::1]:3000'],
    ['localhost', 'localhost'],
  ])('the host %j is kept as %s', async (host, expected) => {
    const app = await made({ host })
    expect(app.host).toBe(expected)
    await remove(app.id)
  })

  test('what is said twice or in another order is kept once, and in one form', async () => {
    const app = await made({
      host: freshHost(),
      path_prefixes: ['/reports/', '/%7eada'],
      groups: ['b', 'a', 'b'],
      roles: ['admin', 'member', 'admin'],
      scopes: ['x', 'x'],
      methods: ['jwt', 'session', 'jwt'],
      note: '  für Ada 🔑 <b>  ',
    })
    expect(app).toMatchObject({
      path_prefixes: ['/reports', '/~ada'],
      groups: ['b', 'a'],
      roles: ['member', 'admin'],
      scopes: ['x'],
      methods: ['session', 'jwt'],
      note: 'für Ada 🔑 <b>',
    })
    await remove(app.id)
  })

  const host = 'wrong.example.com'
  const wrong: [string, object][] = [
    ['host', {}],
    ...[7, null, '', 'https://a.test', 'a.test/x', '*.a.test', 'u@a.test', 'a b', 'a.test, b.test'].map(
      (text): [string, object] => ['host', { host: text }],
    ),
    ...[
      'a.test:0',
      'a.test:65536',
      'a.test:x',
      '.',
      'a..test',
      'bü/cher.test',
      '127.1',
      `${'a.'.repeat(200)}`,
    ].map((text): [string, object] => ['host', { host: text }]),
    ...[
      'admin',
      '',
      '//',
      '/a//b',
      '/a/../b',
      '/a%2Fb',
      '/a\\b',
      '/a;b',
      '/ä',
      '/a?b',
      '/a b',
      '/a*\u0000',
    ].map((text): [string, object] => ['path_prefixes.0', { host, path_prefixes: [text] }]),
    ['path_prefixes', { host, path_prefixes: '/a' }],
    ['path_prefixes', { host, path_prefixes: ['/a', '/a/'] }],
    ['path_prefixes', { host, path_prefixes: Array.from({ length: 51 }, (_, n) => `/${n}`) }],
    ['groups.0', { host, groups: ['Finance'] }],
    ['groups', { host, groups: Array.from({ length: 101 }, (_, n) => `g${n}`) }],
    ['roles.0', { host, roles: ['owner'] }],
    ['scopes.0', { host, scopes: ['Reports'] }],
    ['scopes.1', { host, scopes: ['a', 'keydesk:admin'] }],
    ['scopes.0', { host, scopes: ['keydesk:anything'] }],
    ['methods', { host, methods: [] }],
    ['methods.0', { host, methods: ['password'] }],
    ['methods', { host, methods: null }],
    ['note', { host, note: 'n'.repeat(501) }],
    ['note', { host, note: 'a\u0000b' }],
    ['note', { host, note: 7 }],
    ...['id', 'version', 'created_by', 'created_at', 'role', 'pathPrefixes'].map((name): [string, object] => [
      name,
      { host, [name]: 'x' },
    ]),
  ]
  test.each(wrong)(
    '400 names the field %s of %j, also in a change, and nothing is kept',
    async (field, app) => {
      const there = await made({ host: freshHost() })
      const before = await context.get(path)
      const refused = { status: 400, code: 'invalid_request', detail: expect.stringContaining(field) }
      expect(await answerOf(await add(app))).toMatchObject(refused)
      if (Object.keys(app).length > 0)
        expect(await answerOf(await context.send('PATCH', `${path}/${there.id}`, app))).toMatchObject(refused)
      expect(await context.get(path)).toEqual(before)
      await remove(there.id)
    },
  )

  test('a host that is none is refused with the form that is one', async () => {
    const { detail } = await answerOf(await add({ host: 'https://app.example.com/' }))
    expect(detail).toContain('app.example.com:8443')
    expect(detail).toContain('no scheme')
  })

  test('pages are complete and without repeats, newest first', async () => {
    const ids: string[] = []
    for (let index = 0; index < 7; index += 1) ids.unshift((await made({ host: freshHost() })).id)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: any = await context.get(`${path}?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`)
      seen.push(...page.data.map(({ id }: any) => id))
      cursor = page.next_cursor
    } while (cursor !== null)
    expect(seen).toEqual(ids)
    for (const id of ids) await remove(id)
  })

  test('what happens at a host without an app is in the list, as UNKNOWN_HOST says', async () => {
    const closed = await startPeople({ ADMIN_EMAILS: 'boss@example.com', UNKNOWN_HOST: 'deny' })
    try {
      expect((await closed.get(path)).unknown_host).toBe('deny')
    } finally {
      await closed.close()
    }
  })

  test('only the whole admin scope writes apps, and who may read people may read them', async () => {
    const people = await context.browserOf({ sub: 'boss', email: 'boss@example.com', email_verified: true })
    expect((await people.fetch(path)).status).toBe(200)
    const boss = await context.userOf('boss@example.com')
    const keyWith = async (...scopes: string[]) =>
      (await context.done('POST', '/admin/keys', { user_id: boss.id, name: 'apps', scopes })).key_text
    const by = async (key: string, method: string, to: string, body?: object) => {
      const init = request(method, body)
      const headers = { ...(init.headers as object), 'x-api-key': key }
      return (await context.gateway.fetch(to, { ...init, headers })).status
    }
    const { id } = await made({ host: freshHost() })
    const reader = await keyWith('keydesk:users.read')
    expect(await by(reader, 'GET', path)).toBe(200)
    expect(await by(reader, 'GET', `${path}/${id}`)).toBe(200)
    const parts = ['users.read', 'users.write', 'keys.read', 'keys.mint', 'keys.revoke', 'audit.read']
    const partly = await keyWith(...parts.map((part) => `keydesk:${part}`))
    expect(await by(partly, 'POST', path, { host: freshHost() })).toBe(403)
    expect(await by(partly, 'PATCH', `${path}/${id}`, { note: 'x' })).toBe(403)
    expect(await by(partly, 'DELETE', `${path}/${id}`)).toBe(403)
    const all = await keyWith('keydesk:admin')
    expect(await by(all, 'PATCH', `${path}/${id}`, { note: 'x' })).toBe(200)
    expect(await by(all, 'DELETE', `${path}/${id}`)).toBe(204)
  })
})
