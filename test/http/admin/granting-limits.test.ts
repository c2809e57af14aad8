import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { movableClock, request } from './people-context.ts'

const day = 86_400

describe('a key with a part of the rights, at the limits of a stronger key', () => {
  const clock = movableClock()
  let desk: Desk
  let minter: string
  beforeAll(async () => {
    desk = await startDesk({}, { now: clock.now })
    await desk.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, desk.userId)
    minter = await desk.mint({ scopes: ['keydesk:keys.mint', 'keydesk:keys.read'] })
  })
  afterAll(() => desk.close())

  const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000).toISOString()
  const patch = async (target: string, body: object, key = minter) => {
    const init = request('PATCH', body)
    const headers = { ...(init.headers as object), 'x-api-key': key }
    const response = await desk.gateway.fetch(`/admin/keys/${idOf(target)}`, { ...init, headers })
    return [response.status, (await json(response)).code]
  }
  const limits = () => ({
    expires_at: inSeconds(day),
    allowed_addresses: ['192.0.2.0/24', '127.0.0.0/8'],
    rate_limit: { limit: 50, window_seconds: 60 },
  })
  const wider = (): [string, object][] => [
    ['later', { expires_at: inSeconds(2 * day) }],
    ['for ever', { expires_at: null }],
    ['from anywhere', { allowed_addresses: null }],
    ['from elsewhere too', { allowed_addresses: ['192.0.2.0/24', '127.0.0.0/8', '::/0'] }],
    ['from elsewhere instead', { allowed_addresses: ['198.51.100.0/24'] }],
    ['more often', { rate_limit: { limit: 51, window_seconds: 60 } }],
    ['without a limit', { rate_limit: null }],
  ]

  test('makes none good for longer, from elsewhere or more often: its text may be known to whoever asks', async () => {
    const strong = await desk.mint({ scopes: ['keydesk:admin'], ...limits() })
    const before = await desk.read(strong)
    for (const [what, body] of wider()) expect(await patch(strong, body), what).toEqual([403, 'forbidden'])
    expect(await desk.read(strong)).toEqual(before)
  })

  test('brings no expired one back to life', async () => {
    const strong = await desk.mint({ scopes: ['keydesk:admin'], expires_at: inSeconds(60) })
    clock.forward(61)
    expect(await patch(strong, { expires_at: null })).toEqual([403, 'forbidden'])
    expect(await desk.codeFor(strong)).toBe('expired_key')
  })

  test('puts off no retirement of one, and may bring it forward', async () => {
    const strong = await desk.mint({ scopes: ['keydesk:admin'] })
    await desk.gateway.asAdmin(`/admin/keys/${idOf(strong)}/rotate`, request('POST', {}))
    expect(await patch(strong, { retires_at: inSeconds(31 * day) })).toEqual([403, 'forbidden'])
    expect(await patch(strong, { retires_at: inSeconds(day) })).toEqual([200, undefined])
  })

  test('may narrow every one at any time', async () => {
    const strong = await desk.mint({ scopes: ['keydesk:admin', 'a'] })
    for (const body of [
      limits(),
      { expires_at: inSeconds(3600) },
      { allowed_addresses: ['127.0.0.0/9', '192.0.2.7'] },
      { rate_limit: { limit: 49, window_seconds: 60 } },
      { scopes: ['keydesk:admin'] },
      { scopes: [] },
      { name: 'narrowed', metadata: { by: 'minter' } },
    ])
      expect(await patch(strong, body), JSON.stringify(body)).toEqual([200, undefined])
  })

  test('and with the right to change users, lifts no limit of an admin, which would be its own', async () => {
    const writer = await desk.mint({ scopes: ['keydesk:users.write'] })
    const limit = async (id: string, key: string) => {
      const init = request('PATCH', { scope_limit: ['keydesk:users.write', 'a'] })
      const headers = { ...(init.headers as object), 'x-api-key': key }
      return (await desk.gateway.fetch(`/admin/users/${id}`, { ...init, headers })).status
    }
    const account = { name: 'robot', responsible_user_id: desk.userId }
    const robot = await json(await desk.gateway.asAdmin('/admin/service-accounts', request('POST', account)))
    expect(await limit(desk.userId, writer)).toBe(403)
    expect(await limit(robot.id, writer)).toBe(200)
    expect(await limit(desk.userId, await desk.mint({ scopes: ['keydesk:admin'] }))).toBe(200)
    const init = request('PATCH', { scope_limit: null })
    expect((await desk.gateway.asAdmin(`/admin/users/${desk.userId}`, init)).status).toBe(200)
  })

  test('and brings no admin back who was switched off: that would be one more, with all their keys', async () => {
    const writer = await desk.mint({ scopes: ['keydesk:users.write'] })
    const [other, member] = [await desk.addUser(), await desk.addUser()]
    await desk.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, other)
    const whole = await desk.mint({ user_id: other, scopes: ['keydesk:admin'] })
    const turn = async (id: string, status: string, key: string) => {
      const init = request('PATCH', { status })
      const headers = { ...(init.headers as object), 'x-api-key': key }
      return (await desk.gateway.fetch(`/admin/users/${id}`, { ...init, headers })).status
    }
    expect(await turn(other, 'disabled', writer)).toBe(200)
    expect(await turn(other, 'active', writer)).toBe(403)
    expect(await desk.codeFor(whole)).toBe('user_disabled')
    for (const status of ['disabled', 'active']) expect(await turn(member, status, writer)).toBe(200)
    expect(await turn(other, 'active', await desk.mint({ scopes: ['keydesk:admin'] }))).toBe(200)
  })

  test('may do all of it where it carries itself what the key carries', async () => {
    const equal = await desk.mint({ scopes: ['keydesk:keys.mint', 'deploy'], ...limits() })
    const whole = await desk.mint({ scopes: ['keydesk:admin'] })
    const strong = await desk.mint({ scopes: ['keydesk:audit.read'], ...limits() })
    for (const [what, body] of wider()) {
      expect(await patch(equal, body), what).toEqual([200, undefined])
      expect(await patch(strong, body, whole), what).toEqual([200, undefined])
    }
  })
})
