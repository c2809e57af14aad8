import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { sealNow } from '../../support/seal-now.ts'

describe('GET /admin/audit/verify', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk({ DATABASE_STATEMENT_TIMEOUT: '10s' })
  })
  afterAll(() => desk.close())
  const verify = async (query = '') => json(await desk.gateway.asAdmin(`/admin/audit/verify${query}`))

  test('says that the trail is intact, how much of it there is, and where it ends', async () => {
    await desk.mintMany(3)
    await sealNow(desk.gateway)
    const [{ n, last }] = await desk.rows('SELECT count(*) AS n, max(seq) AS last FROM audit_events')
    expect(await verify()).toEqual({
      intact: true,
      events: Number(n),
      sealed: Number(n),
      erased: 0,
      pruned_before: null,
      head: { seq: Number(last), seal: expect.stringMatching(/^[\w-]{43}$/) },
      given_head: null,
    })
  })

  test('finds a head again that was told before, and says so when it is gone', async () => {
    await desk.mint()
    await sealNow(desk.gateway)
    const { head } = await verify()
    await desk.mint()
    await sealNow(desk.gateway)
    const query = `?head_seq=${head.seq}&head_seal=${head.seal}`
    expect(await verify(query)).toMatchObject({ intact: true, given_head: 'in_chain' })
    for (const wrong of [
      `?head_seq=${head.seq}&head_seal=A${head.seal}`,
      `?head_seq=99999&head_seal=${head.seal}`,
    ])
      expect(await verify(wrong)).toMatchObject({
        intact: false,
        given_head: 'missing',
        first_break: { problem: 'head_missing' },
      })
  })

  test.each([
    '?head_seq=1',
    '?head_seal=x',
    '?head_seq=-1&head_seal=x',
    '?head_seq=1e3&head_seal=x',
    '?deep=1',
  ])('refuses the query %s', async (query) => {
    const response = await desk.gateway.asAdmin(`/admin/audit/verify${query}`)
    expect(response.status).toBe(400)
    expect((await json(response)).code).toBe('invalid_request')
  })

  test('names the first event that somebody changed in the database', async () => {
    const key = await desk.mint()
    await desk.revoke(key)
    await sealNow(desk.gateway)
    expect((await verify()).intact).toBe(true)
    const target = `key:${idOf(key)}`
    const [{ seq, id, actor }] = await desk.rows(
      "SELECT seq, id, actor FROM audit_events WHERE target = ? AND action = 'key.revoked'",
      target,
    )
    await desk.sql("UPDATE audit_events SET actor = 'user:usr_x' WHERE id = ?", id)
    const verdict = await verify()
    expect(verdict).toMatchObject({
      intact: false,
      first_break: { seq: Number(seq), event_id: id, problem: 'seal_wrong' },
    })
    await desk.sql('UPDATE audit_events SET actor = ? WHERE id = ?', actor, id)
    expect((await verify()).intact).toBe(true)
  })

  test('holds after a person is erased, and after the master key was changed', async () => {
    const owner = await desk.addUser()
    await desk.mint({ user_id: owner })
    const headers = { 'content-type': 'application/json' }
    await desk.gateway.asAdmin(`/admin/users/${owner}`, {
      method: 'PATCH',
      headers,
      body: '{"groups":["ops"]}',
    })
    await sealNow(desk.gateway)
    expect((await desk.gateway.asAdmin(`/admin/users/${owner}`, { method: 'DELETE' })).status).toBe(204)
    await sealNow(desk.gateway)
    expect((await verify()).intact).toBe(true)
    const next = randomBytes(32).toString('hex')
    const settings = { PROXY_MASTER_KEY: next, PROXY_MASTER_KEY_PREVIOUS: desk.gateway.masterKey }
    await desk.gateway.restart(settings)
    const response = await desk.gateway.asAdmin('/admin/audit/verify', {
      headers: { authorization: `Bearer ${next}` },
    })
    expect(await json(response)).toMatchObject({ intact: true })
    await desk.gateway.restart({ PROXY_MASTER_KEY: desk.gateway.masterKey, PROXY_MASTER_KEY_PREVIOUS: next })
  })

  test('is whole when two gateways write and seal on one database, and a third starts and ends', async () => {
    const patient = { DATABASE_STATEMENT_TIMEOUT: '10s' }
    const second = await startGateway(patient, { beside: desk.gateway })
    const keys = await desk.mintMany(15)
    const revoking = keys.map((key) => second.asAdmin(`/admin/keys/${idOf(key)}`, { method: 'DELETE' }))
    const third = await startGateway(patient, { beside: desk.gateway })
    await Promise.all([
      ...revoking,
      sealNow(desk.gateway),
      sealNow(desk.gateway),
      third.close(),
      desk.mintMany(15),
    ])
    await second.close()
    await sealNow(desk.gateway)
    const verdict = await verify()
    expect(verdict).toMatchObject({ intact: true })
    expect(verdict.sealed).toBe(verdict.events)
  })

  test('is for who may read the trail, and the seals are not to be had without it', async () => {
    for (const path of ['/admin/audit/verify', '/admin/audit/export']) {
      expect((await desk.gateway.fetch(path)).status).toBe(401)
      expect((await desk.gateway.asAdmin(path, { method: 'POST' })).status).toBe(405)
    }
  })
})
