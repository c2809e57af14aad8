import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../examples/hono/app.ts'
import { type Desk, startDesk } from '../support/desk.ts'
import { json } from '../support/json.ts'
import { describeInPython, type PythonService, startUvicorn } from '../support/python.ts'

for (const JWT_ALG of ['ES256', 'RS256'])
  describeInPython(`JWTs that Keydesk signs by ${JWT_ALG}`, () => {
    let desk: Desk
    let service: PythonService
    let hono: ReturnType<typeof createApp>
    beforeAll(async () => {
      desk = await startDesk({ JWT_AUDIENCES: 'fastapi,billing', JWT_ALG })
      service = await startUvicorn('fastapi', { KEYDESK_URL: desk.gateway.url })
      hono = createApp({ url: desk.gateway.url, audiences: ['fastapi'] })
    })
    afterAll(async () => {
      await service?.close()
      await desk?.close()
    })

    /** A JWT for a key, as any client gets it. */
    async function tokenFor(key: string, wish: Record<string, string> = {}): Promise<string> {
      const answer = await desk.gateway.fetch('/v1/token', {
        method: 'POST',
        headers: { 'x-api-key': key },
        body: new URLSearchParams({ audience: 'fastapi', ...wish }),
      })
      expect(answer.status).toBe(200)
      return (await json(answer)).access_token
    }

    /** What both examples answer. */
    async function statusesOf(token: string, path = '/jwt/reports'): Promise<number[]> {
      const headers = { authorization: `Bearer ${token}` }
      const answers = [await service.fetch(path, headers), await hono.request(path, { headers })]
      return answers.map(({ status }) => status)
    }

    test('open both examples, with the scopes that were asked', async () => {
      const key = await desk.mint({ scopes: ['reports:read', 'reports:write'] })
      expect(await statusesOf(await tokenFor(key))).toEqual([200, 200])
      expect(await statusesOf(await tokenFor(key, { scope: 'reports:write' }))).toEqual([403, 403])
      expect(await statusesOf(await tokenFor(key, { audience: 'billing' }))).toEqual([401, 401])
    })

    test('say who it is', async () => {
      const token = await tokenFor(await desk.mint({ scopes: ['reports:read'] }))
      const answer = await service.fetch('/jwt/me', { authorization: `Bearer ${token}` })
      expect(await json(answer)).toMatchObject({
        user_id: desk.userId,
        name: 'Dana Desk',
        roles: ['member'],
        scopes: ['reports:read'],
      })
    })

    test('open what wants a role only to who has it', async () => {
      const key = await desk.mint()
      expect(await statusesOf(await tokenFor(key), '/jwt/admin')).toEqual([403, 403])
      await desk.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, desk.userId)
      expect(await statusesOf(await tokenFor(key), '/jwt/admin')).toEqual([200, 200])
      await desk.sql(`UPDATE users SET role = 'member' WHERE id = ?`, desk.userId)
    })

    test('of a key that was revoked are good until they end, which is what they cost, and no new one is made', async () => {
      const key = await desk.mint({ scopes: ['reports:read'] })
      const token = await tokenFor(key)
      await desk.revoke(key)
      expect(await statusesOf(token)).toEqual([200, 200])
      const answer = await desk.gateway.fetch('/v1/token', {
        method: 'POST',
        headers: { 'x-api-key': key },
        body: new URLSearchParams({ audience: 'fastapi' }),
      })
      expect(answer.status).toBe(401)
    })

    test('open both after the signing key was rotated, old ones and new ones', async () => {
      const key = await desk.mint({ scopes: ['reports:read'] })
      const before = await tokenFor(key)
      expect(await statusesOf(before)).toEqual([200, 200])
      const rotated = await desk.gateway.asAdmin('/admin/signing-keys/rotate', { method: 'POST' })
      expect(rotated.status, await rotated.text()).toBe(200)
      const after = await tokenFor(key)
      const kidOf = (token: string) => JSON.parse(atob(token.split('.')[0] ?? '')).kid
      expect(kidOf(after)).not.toBe(kidOf(before))
      expect((await statusesOf(after))[0]).toBe(200)
      expect(await statusesOf(before)).toEqual([200, 200])
      // jose asks again for a name that it does not know once a second.
      await expect.poll(async () => (await statusesOf(after))[1]).toBe(200)
    })
  })
