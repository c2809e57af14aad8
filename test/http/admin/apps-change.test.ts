import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { type PeopleContext, request, startPeople } from './people-context.ts'

const path = '/admin/apps'

describe('a change of the apps', () => {
  let context: PeopleContext
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
  })
  afterAll(() => context.close())

  const made = (app: object) => context.done('POST', path, app)
  const read = (id: string) => context.get(`${path}/${id}`)
  const codeOf = async (response: Response) => [response.status, (await json(response)).code]
  let count = 0
  const freshHost = () => {
    count += 1
    return `app${count}.example.com`
  }
  const ask = (method: string, id: string, body: unknown, ifMatch: string) => {
    const init = request(method, body)
    const headers = { ...(init.headers as object), 'if-match': ifMatch }
    return context.gateway.asAdmin(`${path}/${id}`, { ...init, headers })
  }

  test('touches what is given and nothing else, and is in the answer and in the ETag', async () => {
    const app = await made({ host: freshHost(), groups: ['a'], scopes: ['x'], note: 'one' })
    const changes: [object, object][] = [
      [{ groups: [] }, { groups: [] }],
      [
        { path_prefixes: ['/x/'], methods: ['key'] },
        { path_prefixes: ['/x'], methods: ['key'] },
      ],
      [{ note: null }, { note: null }],
      [{ host: 'Moved.example.com:443' }, { host: 'moved.example.com' }],
    ]
    let expected = app
    for (const [change, said] of changes) {
      const response = await context.send('PATCH', `${path}/${app.id}`, change)
      expected = { ...expected, ...said, version: expected.version + 1 }
      expect([response.status, response.headers.get('etag')]).toEqual([200, `"${expected.version}"`])
      const { updated_at, ...others } = await json(response)
      const { updated_at: _, ...wanted } = expected
      expect(others).toEqual(wanted)
      expect(updated_at >= app.created_at).toBe(true)
      expect(await read(app.id)).toEqual({ ...others, updated_at })
    }
  })

  test('that changes nothing leaves no trace', async () => {
    const app = await made({ host: freshHost(), groups: ['a'] })
    const before = (await context.audit('app.updated')).length
    for (const change of [
      {},
      { groups: ['a', 'a'] },
      { host: `${app.host}.` },
      { methods: ['jwt', 'key', 'session'] },
    ])
      expect(await context.done('PATCH', `${path}/${app.id}`, change)).toEqual(app)
    expect(await context.audit('app.updated')).toHaveLength(before)
  })

  test.each(['"1"', '"3"', '"x"', 'W/"2"'])(
    'with an If-Match of %s, where it is "2", is 412',
    async (tag) => {
      const app = await made({ host: freshHost() })
      expect((await ask('PATCH', app.id, { note: 'second' }, '"1"')).status).toBe(200)
      const before = await read(app.id)
      for (const method of ['PATCH', 'DELETE'])
        expect(
          await codeOf(await ask(method, app.id, method === 'PATCH' ? { note: 'third' } : undefined, tag)),
        ).toEqual([412, 'precondition_failed'])
      expect(await read(app.id)).toEqual(before)
      expect((await ask('DELETE', app.id, undefined, '"2"')).status).toBe(204)
    },
  )

  test('with an If-Match that is no ETag is 400', async () => {
    const app = await made({ host: freshHost() })
    for (const method of ['PATCH', 'DELETE'])
      expect(await codeOf(await ask(method, app.id, method === 'PATCH' ? {} : undefined, '1'))).toEqual([
        400,
        'invalid_request',
      ])
  })

  test('of ten that saw the same is made by one', async () => {
    const app = await made({ host: freshHost() })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => ask('PATCH', app.id, { note: `n${n}` }, '"1"')),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)])
    expect((await read(app.id)).version).toBe(2)
  })

  test.each<[string, object, object, string]>([
    ['the whole host', {}, {}, 'the whole of'],
    ['the whole host, once by its path', {}, { path_prefixes: ['/'] }, 'the whole of'],
    ['one path of several', { path_prefixes: ['/a', '/b'] }, { path_prefixes: ['/c', '/b/'] }, '/b of'],
    ['a path in another case', { path_prefixes: ['/Admin'] }, { path_prefixes: ['/admin'] }, '/admin of'],
  ])('to two apps of %s is 409 and names the other', async (_, one, other, what) => {
    const host = freshHost()
    const there = await made({ host, ...one })
    const elsewhere = await made({ host: freshHost(), ...other })
    for (const refused of [
      await context.send('POST', path, { host: `${host.toUpperCase()}:443`, ...other }),
      await context.send('PATCH', `${path}/${elsewhere.id}`, { host }),
    ]) {
      const { status, ...problem } = { ...(await json(refused)), status: refused.status }
      expect([status, problem.code]).toEqual([409, 'conflict'])
      expect(problem.detail).toContain(`${there.id} is about ${what} ${host}`)
    }
    expect(await read(elsewhere.id)).toEqual(elsewhere)
    // The same with another port is another host, and a deeper path another path.
    await made({ host: `${host}:8443`, ...other })
    await made({ host, path_prefixes: ['/a/deeper'] })
  })

  test('to the same app ten times at once makes it once', async () => {
    const host = freshHost()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => context.send('POST', path, { host, path_prefixes: ['/x'] })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)])
    const all = (await context.get(`${path}?limit=200`)).data
    expect(all.filter((app: any) => app.host === host)).toHaveLength(1)
  })

  test('is in the audit trail with its actor and what it was, but without the note', async () => {
    await context.keyOf({ sub: 'boss', email: 'boss@example.com', email_verified: true })
    const { id: bossId } = await context.userOf('boss@example.com')
    const { key_text: key } = await context.done('POST', '/admin/keys', {
      user_id: bossId,
      name: 'apps',
      scopes: ['keydesk:admin'],
    })
    const by = async (method: string, to: string, body?: object) => {
      const init = request(method, body)
      const headers = { ...(init.headers as object), 'x-api-key': key }
      const response = await context.gateway.fetch(to, { ...init, headers })
      return response.status === 204 ? null : json(response)
    }
    const said = {
      host: freshHost(),
      path_prefixes: ['/x'],
      groups: ['g'],
      roles: [],
      scopes: ['s'],
      methods: ['key'],
    }
    const app = await by('POST', path, { ...said, note: 'ask ada@example.com' })
    expect(app.created_by).toMatch(/^key:/)
    await by('PATCH', `${path}/${app.id}`, { groups: ['h'], note: null })
    await by('DELETE', `${path}/${app.id}`)
    const after = { ...said, groups: ['h'] }
    for (const [action, facts] of [
      ['app.created', said],
      ['app.updated', { changed: ['groups', 'note'], before: said, after }],
      ['app.deleted', after],
    ] as const) {
      const [event] = await context.audit(action)
      expect(event).toMatchObject({ actor: app.created_by, target: `app:${app.id}`, facts })
      expect(event.details).toMatchObject({ email: null, address: '127.0.0.1' })
    }
    expect((await context.get(`/admin/audit?target=app:${app.id}`)).data).toHaveLength(3)
    const facts = await context.gateway.database.rows('SELECT facts FROM audit_events')
    expect(JSON.stringify(facts)).not.toContain('ask ada')
  })
})
