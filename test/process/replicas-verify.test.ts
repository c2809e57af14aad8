import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../support/browser-like.ts'
import type { TestGateway } from '../support/gateway.ts'
import { type GatewaysOnPostgres, startGatewaysOnPostgres } from '../support/gateways-on-postgres.ts'
import { json } from '../support/json.ts'
import { postFrom, signInForSession } from '../support/signed-in.ts'
import {
  type AskedOfApp,
  askAs,
  identityOf,
  verifySettings,
  withBearer,
  withKey,
  withSession,
} from '../support/verify.ts'

/** Which of the two is asked; the other one changes something. */
const rounds = [0, 1]

describe('what a proxy is told by one replica right after a change on the other', () => {
  let replicas: GatewaysOnPostgres
  beforeAll(async () => {
    replicas = await startGatewaysOnPostgres(2, () => ({
      ...verifySettings,
      TRUSTED_PROXIES: '127.0.0.0/8',
      ALLOWED_DOMAINS: 'example.com',
    }))
  })
  afterAll(() => replicas?.close())

  const at = (index: number): TestGateway => replicas.gateways[index % 2]!
  const change = async (index: number, path: string, body?: object, method = 'POST') => {
    const response = await at(index).asAdmin(path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.status === 204 ? null : json(response)
  }
  /** Asked again and again before, so that whatever can be remembered is. */
  const warm = async (index: number, asked: AskedOfApp) => {
    for (const _ of [1, 2, 3]) expect((await askAs('caddy', at(index), asked)).status).toBe(200)
  }
  const signIn = () => signInForSession({ gateway: at(0), standIn: replicas.standIn }, 'alice@example.com')
  const minted = async (userId: string, extra: object = {}) =>
    (await change(0, '/admin/keys', { user_id: userId, name: 'x', ...extra })).key_text as string
  const userIdOf = async (secret: string) =>
    identityOf(await askAs('caddy', at(0), { headers: withSession(secret) })).user ?? ''
  const idOf = (key: string) => key.split('_')[1]

  test.each(rounds)('the groups of a user are those of now (%i)', async (round) => {
    const { secret } = await signIn()
    const userId = await userIdOf(secret)
    const key = await minted(userId)
    const headersOf = [withSession(secret), withKey(key)]
    const jwt = identityOf(await askAs('caddy', at(round), { headers: withKey(key) })).jwt ?? ''
    headersOf.push(withBearer(jwt))
    for (const headers of headersOf) await warm(round, { headers })
    const groups = [`g${round}`]
    await change(round + 1, `/admin/users/${userId}`, { groups }, 'PATCH')
    for (const headers of headersOf) {
      const told = identityOf(await askAs('caddy', at(round), { headers }))
      expect(told.groups).toBe(groups[0])
      expect(JSON.parse(Buffer.from(told.jwt!.split('.')[1]!, 'base64url').toString()).groups).toEqual(groups)
    }
    await change(round + 1, `/admin/users/${userId}`, { groups: [] }, 'PATCH')
  })

  test.each(rounds)('an app is closed as soon as the change is acknowledged (%i)', async (round) => {
    const { secret } = await signIn()
    const key = await minted(await userIdOf(secret))
    const host = `app${round}.example.com`
    const all = [withSession(secret), withKey(key)]
    for (const headers of all) await warm(round, { host, headers })
    const app = await change(round + 1, '/admin/apps', {
      host,
      groups: ['nobody'],
      methods: ['session', 'key'],
    })
    for (const headers of all) expect((await askAs('caddy', at(round), { host, headers })).status).toBe(403)
    await change(round + 1, `/admin/apps/${app.id}`, undefined, 'DELETE')
    for (const headers of all) expect((await askAs('caddy', at(round), { host, headers })).status).toBe(200)
  })

  test.each(rounds)('what was revoked, signed out or rescoped is over (%i)', async (round) => {
    const { secret } = await signIn()
    const key = await minted(await userIdOf(secret), { scopes: ['a', 'b'] })
    const told = async (headers: AskedOfApp['headers'] & {}) =>
      identityOf(await askAs('caddy', at(round), { headers })).jwt ?? ''
    const [byKey, bySession] = [await told(withKey(key)), await told(withSession(secret))]
    for (const jwt of [byKey, bySession]) await warm(round, { headers: withBearer(jwt) })
    await change(round + 1, `/admin/keys/${idOf(key)}`, { scopes: ['b'] }, 'PATCH')
    for (const headers of [withKey(key), withBearer(byKey)])
      expect(identityOf(await askAs('caddy', at(round), { headers })).scopes).toBe('b')
    await change(round + 1, `/admin/keys/${idOf(key)}`, undefined, 'DELETE')
    for (const headers of [withKey(key), withBearer(byKey)])
      expect((await askAs('caddy', at(round), { headers })).status).toBe(401)
    const jar = createCookieJar(at(round + 1))
    jar.cookies.set('__Host-keydesk', secret)
    expect((await postFrom({ jar }, '/auth/logout')).status).toBe(204)
    for (const headers of [withSession(secret), withBearer(bySession)])
      expect((await askAs('caddy', at(round), { headers })).status).toBe(401)
  })
})
