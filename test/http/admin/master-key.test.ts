import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createGateway } from '../../../src/gateway.ts'
import { json } from '../../support/json.ts'
import { type AdminContext, startAdminContext } from './admin-context.ts'

describe('changing the master key', () => {
  let context: AdminContext
  beforeEach(async () => {
    context = await startAdminContext()
  })
  afterEach(() => context.close())

  const newMasterKey = () => randomBytes(32).toString('hex')
  const as = (masterKey: string, path = '/admin/keys') =>
    context.gateway.fetch(path, { headers: { authorization: `Bearer ${masterKey}` } })
  async function wrapped(): Promise<string[]> {
    const rows = await context.gateway.database.rows('SELECT wrapped FROM keyring ORDER BY id')
    return rows.map((row) => row.wrapped)
  }

  test('with the previous one beside it everything is re-wrapped, and issued keys keep working, also without it after', async () => {
    const next = newMasterKey()
    const before = await wrapped()
    await context.gateway.restart({
      PROXY_MASTER_KEY: next,
      PROXY_MASTER_KEY_PREVIOUS: context.gateway.masterKey,
    })
    expect((await context.validate(context.ssoKey)).status).toBe(200)
    for (const row of await wrapped()) expect(before).not.toContain(row)
    const rewrapped = await json(await as(next, '/admin/audit?action=keyring.rewrapped'))
    expect(rewrapped.data).toHaveLength(before.length)
    for (const event of rewrapped.data) expect(event.actor).toBe('system')
    expect(rewrapped.data.map(({ target }: any) => target).sort()).toEqual([
      'keyring:audit-1',
      'keyring:jwt-1',
      'keyring:tag-1',
    ])
    // The former master key opens nothing any more.
    expect((await as(context.gateway.masterKey)).status).toBe(401)

    const settled = await wrapped()
    await context.gateway.restart({ PROXY_MASTER_KEY: next })
    expect((await context.validate(context.ssoKey)).status).toBe(200)
    expect((await as(next)).status).toBe(200)
    // A second start with both changes nothing.
    await context.gateway.restart({
      PROXY_MASTER_KEY: next,
      PROXY_MASTER_KEY_PREVIOUS: context.gateway.masterKey,
    })
    expect(await wrapped()).toEqual(settled)
    await context.gateway.restart({ PROXY_MASTER_KEY: next })
  })

  test('a master key that opens nothing stops the start, says what to do, and leaves the keyring as it is', async () => {
    const before = await wrapped()
    const start = (environment: Record<string, string>) =>
      createGateway(
        readConfig({
          AUTH_BASE_URL: 'http://localhost:3000',
          DATABASE_URL: context.gateway.database.url,
          LOG_LEVEL: 'silent',
          ...environment,
        }),
      )
    const wrong: Record<string, string>[] = [
      { PROXY_MASTER_KEY: newMasterKey() },
      { PROXY_MASTER_KEY: newMasterKey(), PROXY_MASTER_KEY_PREVIOUS: newMasterKey() },
    ]
    for (const environment of wrong) {
      await expect(start(environment)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/PROXY_MASTER_KEY.*PROXY_MASTER_KEY_PREVIOUS/s),
      })
      expect(await wrapped()).toEqual(before)
    }
    expect((await context.validate(context.ssoKey)).status).toBe(200)
  })

  test('the database alone makes no key: nothing in the keyring is in the clear', async () => {
    for (const row of await wrapped()) expect(row).toMatch(/^v1\.[A-Za-z0-9_-]{80,}$/)
  })

  test('the master key is compared whole: cut, lengthened, in capitals or twice it is 401', async () => {
    const { masterKey } = context.gateway
    for (const token of [
      masterKey.slice(0, -1),
      `${masterKey}0`,
      masterKey.toUpperCase(),
      `${masterKey},${masterKey}`,
      '',
    ]) {
      const response = await as(token)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="keydesk"')
    }
    const asKey = await context.gateway.fetch('/admin/keys', { headers: { 'x-api-key': masterKey } })
    expect(asKey.status).toBe(401)
    const withSsoKey = await as(context.ssoKey)
    // A good key that carries none of the rights: no credential that is wrong.
    expect(withSsoKey.status).toBe(403)
    expect(context.gateway.log.join('')).not.toContain(masterKey.slice(0, 20))
  })
})
