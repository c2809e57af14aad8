import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConsoleKeys, startConsoleKeys } from './keys-context.ts'

const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString()

describe('the keys in the console', () => {
  let desk: ConsoleKeys
  beforeAll(async () => {
    desk = await startConsoleKeys()
  })
  afterAll(() => desk?.close())

  const idsOn = (page: string) =>
    [...page.matchAll(/href="\/console\/keys\/([0-9A-Za-z]{12})"/g)].map(([, id]) => id)
  const listed = async (query: string) => idsOn(await desk.pageOf(`/console/keys?${query}`))

  test('before there is a key the page says how to come by one', async () => {
    const page = await desk.pageOf('/console/keys')
    expect(page).toContain('Nobody has a key yet.')
    expect(page).toContain('href="/console/keys/new"')
    expect(page).not.toContain('<table')
  })

  test('show name, owner, scopes, use, expiry and status, and for a machine who answers for it', async () => {
    const account = await desk.done('POST', '/admin/service-accounts', {
      name: 'nightly backup',
      responsible_user_id: desk.memberId,
    })
    const { id } = await desk.mint({ user_id: account.id, name: 'backup', scopes: ['files:read'] })
    const page = await desk.pageOf(`/console/keys?user_id=${account.id}`)
    expect(idsOn(page)).toEqual([id])
    for (const shown of [
      'backup',
      id,
      'nightly backup',
      'uma Example',
      'answers for it',
      'files:read',
      'active',
    ])
      expect(page).toContain(shown)
    expect(page).toContain(`href="/console/users/${account.id}"`)
    expect(page).toContain(`href="/console/users/${desk.memberId}"`)
  })

  test('each filter takes what it says, alone and together with others', async () => {
    const keys = {
      soon: (await desk.mint({ name: 'Soon-gone', expires_at: days(5) })).id,
      later: (await desk.mint({ name: 'later', expires_at: days(60), scopes: ['reports:read'] })).id,
      revoked: (await desk.mint({ name: 'revoked', expires_at: days(5) })).id,
    }
    await desk.done('DELETE', `/admin/keys/${keys.revoked}`)
    const own = `user_id=${desk.memberId}`
    expect(await listed(`${own}&expiring_days=7`)).toEqual([keys.soon])
    expect(await listed(`${own}&expiring_days=90&sort=expires_at`)).toEqual([keys.soon, keys.later])
    expect(await listed(`${own}&expiring_before=${days(30).slice(0, 10)}`)).toEqual([keys.revoked, keys.soon])
    expect(await listed(`${own}&status=revoked`)).toEqual([keys.revoked])
    expect(await listed(`${own}&scope=reports:read`)).toEqual([keys.later])
    expect(await listed('search=SOON-')).toEqual([keys.soon])
    expect(await listed(`search=${keys.later}`)).toEqual([keys.later])
    expect(await listed('search=uma@example&status=active&sort=created_at')).toEqual([keys.soon, keys.later])
    expect(await listed('created_through=self-service')).toEqual([])
    // All were made just now.
    expect(await listed(`${own}&unused_days=30`)).toEqual([])
    expect(await listed(`${own}&unused_since=${new Date(Date.now() - 3_600_000).toISOString()}`)).toEqual([])
    await desk.makeOlder(keys.later, 40)
    expect(await listed(`${own}&unused_days=30`)).toEqual([keys.later])
    expect(await listed(`${own}&unused_days=90`)).toEqual([])
  })

  test('what was left empty in the form of filters is no filter', async () => {
    const empty = 'search=&status=&unused_days=&unused_since=&expiring_days=&scope=&sort='
    expect(await listed(empty)).toEqual(await listed(''))
    const page = await desk.pageOf('/console/keys?search=nothing-is-called-this')
    expect(page).toContain('No key is like that.')
  })

  test.each([
    'status=dead',
    'unused_days=31',
    'unused_since=yesterday',
    'unused_since=2099-01-01',
    'unused_days=30&unused_since=2020-01-01',
    'expiring_days=7&expiring_before=2099-01-01',
    'expiring_before=2020-02-30',
    'scope=NO',
    'sort=name',
    'created_through=magic',
    'cursor=abc',
    'status=active&status=revoked',
    'limit=1000',
    'owner=me',
    'done=everything',
  ])('a filter without sense, %s, is 400 and names itself', async (query) => {
    const response = await desk.boss.fetch(`/console/keys?${query}`, { headers: { accept: 'text/html' } })
    expect(response.status).toBe(400)
    const named = query.split('=')[0]?.replace('unused_days', 'unused_').replace('expiring_days', 'expiring_')
    expect(await response.text()).toContain(named)
  })

  test('page after page they are all there once, with the filter carried on', async () => {
    const made: string[] = []
    for (let count = 0; count < 30; count += 1) made.push((await desk.mint({ name: `many ${count}` })).id)
    const first = await desk.pageOf('/console/keys?search=many')
    const [, next = ''] = /rel="next" href="([^"]+)"/.exec(first) ?? []
    expect(next).toContain('search=many')
    const second = await desk.pageOf(next.replaceAll('&amp;', '&'))
    expect([...idsOn(first), ...idsOn(second)]).toEqual(made.reverse())
    expect(Buffer.byteLength(first)).toBeLessThan(30_000)
    expect(second).toContain('Back to the beginning')
  })
})
