import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'

const hourMs = 3_600_000
const begun = Date.now()
let clock = new Date(begun)
const at = (hours: number) => new Date(begun + hours * hourMs)
const param = (hours: number) => encodeURIComponent(at(hours).toISOString())

/** In the order in which they are made, an hour apart from -10 on. */
const names = ['Alpha', 'beta 50%', 'gamma_x', 'gammaXx', 'sso', 'gone', 'old', 'narrow'] as const
type Name = (typeof names)[number]

describe('GET /admin/keys', () => {
  let desk: Desk
  let otherId: string
  const keys = {} as Record<Name, string>
  beforeAll(async () => {
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' }, { now: () => clock })
    otherId = await desk.addUser()
    const changes: Record<Name, object> = {
      Alpha: { scopes: ['read', 'read:all'] },
      'beta 50%': { expires_at: at(5).toISOString(), scopes: ['read:all'] },
      gamma_x: { user_id: otherId, scopes: ['read_all'] },
      gammaXx: { scopes: ['readxall'], expires_at: at(3).toISOString() },
      sso: {},
      gone: {},
      old: { expires_at: at(-1).toISOString() },
      narrow: { expires_at: at(500).toISOString() },
    }
    for (const [index, name] of names.entries()) {
      clock = at(index - 10)
      keys[name] = await desk.mint({ name, ...changes[name] })
    }
    clock = at(-2)
    await desk.validate(keys['beta 50%'])
    clock = at(-1.5)
    await desk.validate(keys.Alpha)
    clock = at(0)
    await desk.revoke(keys.gone)
    await desk.sql(`UPDATE api_keys SET created_through = 'sso' WHERE id = ?`, idOf(keys.sso))
    // What was gathered is written.
    await desk.gateway.restart()
  })
  afterAll(() => desk.close())

  const page = async (query: string) => {
    const response = await desk.gateway.asAdmin(`/admin/keys?${query}`)
    expect(response.status, await response.clone().text()).toBe(200)
    return json(response)
  }
  const named = async (query: string): Promise<string[]> =>
    (await page(`limit=200&${query}`)).data.map(({ name }: any) => name)
  const newestFirst = [...names].reverse()
  const but = (...without: Name[]) => newestFirst.filter((name) => !without.includes(name))

  test.each<[string, Name[]]>([
    ['', newestFirst],
    ['status=all', newestFirst],
    ['status=active', but('gone', 'old')],
    ['status=revoked', ['gone']],
    ['status=expired', ['old']],
    ['status=retiring', []],
    ['created_through=sso', ['sso']],
    ['created_through=admin', but('sso')],
    ['created_through=self-service', []],
    ['scope=read', ['Alpha']],
    ['scope=read:all', ['beta 50%', 'Alpha']],
    ['scope=read_all', ['gamma_x']],
    ['scope=rea', []],
    [`expiring_before=${param(4)}`, ['old', 'gammaXx']],
    [`expiring_before=${param(4)}&status=active`, ['gammaXx']],
    [`expiring_before=${param(3)}&status=active`, []],
    [`unused_since=${param(-1)}`, newestFirst],
    [`unused_since=${param(-1.7)}`, but('Alpha')],
    [`unused_since=${param(-6.5)}`, ['gammaXx', 'gamma_x']],
    [`unused_since=${param(-20)}`, []],
    ['search=gamma', ['gammaXx', 'gamma_x']],
    ['search=GAMMA', ['gammaXx', 'gamma_x']],
    ['search=gamma_x', ['gamma_x']],
    ['search=alpha', ['Alpha']],
    ['search=50%25', ['beta 50%']],
    ['search=%25', ['beta 50%']],
    ['search=%20beta%20', ['beta 50%']],
    ['search=%5C', []],
    ["search='%20OR%201=1%20--", []],
    ['search=nothing-like-this', []],
    ['search=gamma&scope=read_all&status=active&created_through=admin', ['gamma_x']],
    ['search=gamma&status=revoked', []],
  ])('?%s', async (query, expected) => {
    expect(await named(query)).toEqual(expected)
  })

  test('finds by a part of the key id, and by the address and id of the owner', async () => {
    const id = idOf(keys.narrow)
    for (const part of [id, id.slice(1), id.slice(2, 9)])
      expect(await named(`search=${part}`)).toEqual(['narrow'])
    expect(await named(`search=${otherId.toUpperCase()}%40desk.test`)).toEqual(['gamma_x'])
    expect(await named('search=%40desk.TEST')).toEqual(newestFirst)
    expect(await named(`user_id=${otherId}`)).toEqual(['gamma_x'])
    expect(await named('user_id=usr_nobody')).toEqual([])
  })

  test('sorts by each time, either way; what has no such time is not there', async () => {
    expect(await named('sort=-created_at')).toEqual(newestFirst)
    expect(await named('sort=created_at')).toEqual(names)
    expect(await named('sort=expires_at')).toEqual(['old', 'gammaXx', 'beta 50%', 'narrow'])
    expect(await named('sort=last_used_at')).toEqual(['beta 50%', 'Alpha'])
    expect(await named('sort=-last_used_at')).toEqual(['Alpha', 'beta 50%'])
  })

  test.each(['created_at', '-created_at', 'expires_at', 'last_used_at', '-last_used_at'])(
    'page by page, sorted by %s: complete, in order and without repeats, also among equal times',
    async (sort) => {
      const all = await named(`sort=${sort}`)
      for (const limit of [1, 2, 3]) {
        const seen: string[] = []
        let cursor: string | null = ''
        while (cursor !== null) {
          const one: any = await page(
            `sort=${sort}&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
          )
          seen.push(...one.data.map(({ name }: any) => name))
          cursor = one.next_cursor
          expect(seen.length).toBeLessThanOrEqual(all.length)
        }
        expect(seen, `limit ${limit}`).toEqual(all)
      }
    },
  )

  test('says who used a key last, when and from where', async () => {
    const { data } = await page('search=Alpha')
    expect(data[0]).toMatchObject({
      last_used_at: at(-1.5).toISOString(),
      last_use: { at: at(-1.5).toISOString(), address: '127.0.0.1', user_agent: expect.any(String) },
      request_count: 1,
    })
    expect((await page('search=narrow')).data[0]).toMatchObject({ last_used_at: null, last_use: null })
  })

  test('shows neither a hash nor a text', async () => {
    const body = JSON.stringify(await page('limit=200'))
    expect(body).not.toMatch(/hash|argon2|key_text/)
    for (const key of Object.values(keys)) expect(body).not.toContain(key.split('_')[2])
  })

  test.each([
    ['status', 'live'],
    ['status', ''],
    ['created_through', 'SSO'],
    ['created_through', ''],
    ['scope', 'A b'],
    ['scope', ''],
    ['scope', '%25'],
    ['unused_since', '2999-01-01T00:00:00Z'],
    ['unused_since', 'yesterday'],
    ['unused_since', '2026-01-01'],
    ['unused_since', '2026-01-01T00:00:00'],
    ['unused_since', '2026-02-30T00:00:00Z'],
    ['expiring_before', '0'],
    ['expiring_before', ''],
    ['search', ''],
    ['search', '%20'],
    ['search', '%00'],
    ['search', 'x'.repeat(201)],
    ['user_id', ''],
    ['user_id', '%00'],
    ['sort', 'name'],
    ['sort', '-expires_at'],
    ['sort', ''],
    ['limit', '0'],
    ['limit', '201'],
    ['cursor', 'x'],
    ['owner', 'usr_x'],
    ['now', '1'],
  ])('a %s of %j is 400 that names it', async (name, value) => {
    const response = await desk.gateway.asAdmin(`/admin/keys?${name}=${value}`)
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(name)
  })
})
