import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { type PeopleContext, person, request, startPeople } from '../admin/people-context.ts'

describe('?group= on /v1/validate', () => {
  let context: PeopleContext
  let key: string
  let id: string
  beforeAll(async () => {
    context = await startPeople()
    await context.keyOf(person('ada'))
    id = (await context.userOf('ada@example.com')).id
    await context.done('PATCH', `/admin/users/${id}`, { groups: ['ops', 'team/eu:1'] })
    const minted = await context.done('POST', '/admin/keys', { user_id: id, name: 'k', scopes: ['a'] })
    key = minted.key_text
  })
  afterAll(() => context.close())

  test('answers the groups of the owner, in the order that an admin gave', async () => {
    const response = await context.gateway.fetch('/v1/validate?group=ops', { headers: { 'x-api-key': key } })
    expect(response.status).toBe(200)
    expect((await json(response)).user.groups).toEqual(['ops', 'team/eu:1'])
  })

  test('wants every group that is asked for', async () => {
    expect(await context.codeFor(key, '?group=ops')).toBe('valid')
    expect(await context.codeFor(key, '?group=team/eu:1&group=ops')).toBe('valid')
    expect(await context.codeFor(key, '?group=ops&group=ops')).toBe('valid')
    expect(await context.codeFor(key, '?group=dev')).toBe('forbidden')
    expect(await context.codeFor(key, '?group=ops&group=dev')).toBe('forbidden')
    // Exact: neither a part nor another case of it.
    expect(await context.codeFor(key, '?group=op')).toBe('forbidden')
    expect(await context.codeFor(key, '?group=ops2')).toBe('forbidden')
  })

  test('a missing group is 403, says so, and shows nothing of the owner', async () => {
    const response = await context.gateway.fetch('/v1/validate?group=dev', { headers: { 'x-api-key': key } })
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toBeNull()
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('group') })
    expect(text).not.toContain('ada@')
  })

  test('and scopes: both are wanted, and a missing scope is said first', async () => {
    expect(await context.codeFor(key, '?scope=a&group=ops')).toBe('valid')
    expect(await context.codeFor(key, '?scope=b&group=ops')).toBe('insufficient_scope')
    expect(await context.codeFor(key, '?scope=a&group=dev')).toBe('forbidden')
    expect(await context.codeFor(key, '?scope=b&group=dev')).toBe('insufficient_scope')
  })

  test('is asked again on a key that is warm: a group that is taken away is missing at once', async () => {
    expect(await context.codeFor(key, '?group=ops')).toBe('valid')
    expect(await context.codeFor(key, '?group=dev')).toBe('forbidden')
    await context.done('PATCH', `/admin/users/${id}`, { groups: ['dev'] })
    expect(await context.codeFor(key, '?group=ops')).toBe('forbidden')
    expect(await context.codeFor(key, '?group=dev')).toBe('valid')
    await context.done('PATCH', `/admin/users/${id}`, { groups: ['ops', 'team/eu:1'] })
    expect(await context.codeFor(key, '?group=ops')).toBe('valid')
  })

  test.each([
    'group=',
    'group=Ops',
    'group=o%20ps',
    'group=ops,dev',
    'group=%00',
    'group=-ops',
    'group=ops&group=',
    `group=${'a'.repeat(65)}`,
    'groups=ops',
    'group[]=ops',
    Array.from({ length: 101 }, (_, index) => `group=g${index}`).join('&'),
  ])('%s is 400 and names the parameter', async (query) => {
    const response = await context.gateway.fetch(`/v1/validate?${query}`, { headers: { 'x-api-key': key } })
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain('group')
  })

  test('POST asks by the same query, and takes no groups in a body', async () => {
    const post = (query: string, body?: unknown) => {
      const init = request('POST', body)
      const headers = { ...(init.headers as object), 'x-api-key': key }
      return context.gateway.fetch(`/v1/validate${query}`, { ...init, headers })
    }
    expect((await post('?group=ops')).status).toBe(200)
    expect((await post('?scope=a&group=ops&group=team/eu:1', {})).status).toBe(200)
    expect((await post('?group=ops&group=dev')).status).toBe(403)
    expect((await post('?group=Ops')).status).toBe(400)
    const inBody = await post('', { group: ['dev'] })
    expect([inBody.status, (await json(inBody)).detail]).toEqual([400, expect.stringContaining('group=')])
  })
})
