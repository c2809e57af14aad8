import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, startDesk } from '../../support/desk.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'

const audience = 'https://reports.corp.com'

describe('the keys that sign JWTs', () => {
  let desk: Desk
  let beside: TestGateway
  beforeAll(async () => {
    desk = await startDesk({ JWT_AUDIENCES: audience })
    beside = await startGateway({ JWT_AUDIENCES: audience }, { beside: desk.gateway })
  })
  afterAll(async () => {
    await beside.close()
    await desk.close()
  })

  const list = async (gateway = desk.gateway) =>
    (await json(await gateway.asAdmin('/admin/signing-keys'))).data
  const rotate = (headers: Record<string, string> = {}) =>
    desk.gateway.asAdmin('/admin/signing-keys/rotate', { method: 'POST', headers })
  const kidAt = async (gateway: TestGateway, key: string) => {
    const response = await gateway.fetch('/v1/token', { method: 'POST', headers: { 'x-api-key': key } })
    return decodeProtectedHeader((await json(response)).access_token).kid
  }

  test('are listed without anything that signs, rotated, and signed with by every replica when that answers', async () => {
    const key = await desk.mint()
    const [before] = await list()
    expect(before).toEqual({
      kid: expect.stringMatching(/^[\w-]{43}$/),
      alg: 'ES256',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      status: 'signing',
      accepted_until: null,
    })
    expect(await kidAt(beside, key)).toBe(before.kid)
    const response = await rotate()
    expect(response.status).toBe(200)
    const made = await json(response)
    expect(made).toMatchObject({ status: 'signing', accepted_until: null })
    for (const gateway of [desk.gateway, beside]) {
      expect(await kidAt(gateway, key)).toBe(made.kid)
      const shown = await list(gateway)
      expect(shown.slice(0, 2).map(({ kid, status }: Record<string, string>) => [kid, status])).toEqual([
        [made.kid, 'signing'],
        [before.kid, 'published'],
      ])
      const until = Date.parse(shown[1].accepted_until) - Date.parse(made.created_at)
      expect(until).toBe(360_000)
      const { keys } = await json(await gateway.fetch('/.well-known/jwks.json'))
      const kids = keys.map(({ kid }: { kid: string }) => kid)
      expect(kids).toEqual(expect.arrayContaining([before.kid, made.kid]))
    }
  })

  test('leave who rotated them in the audit trail', async () => {
    await rotate()
    const { data } = await json(await desk.gateway.asAdmin('/admin/audit?action=keyring.rotated&limit=1'))
    expect(data[0]).toMatchObject({ actor: 'master_key', facts: { alg: 'ES256', because: 'asked' } })
  })

  test('are for who has the whole right: a part of it is not enough', async () => {
    const admin = await desk.addUser()
    await desk.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, admin)
    const mint = (scopes: string[]) => desk.mint({ user_id: admin, scopes })
    const part = await mint(['keydesk:keys.mint', 'keydesk:users.write', 'keydesk:keys.read'])
    expect((await rotate({ authorization: `Bearer ${part}` })).status).toBe(403)
    expect((await rotate({ authorization: `Bearer ${await mint(['keydesk:admin'])}` })).status).toBe(200)
  })

  test('are in no answer, no row and no line of the log as anything but what is public', async () => {
    const rows = JSON.stringify(await desk.rows('SELECT * FROM keyring'))
    const answers = JSON.stringify([
      await list(),
      await json(await desk.gateway.fetch('/.well-known/jwks.json')),
    ])
    for (const text of [rows, answers, desk.gateway.log.join('')])
      expect(text).not.toMatch(/"(d|p|q|dp|dq|qi)\\?":/)
  })
})
