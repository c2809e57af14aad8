import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { movableClock, request } from './people-context.ts'

const day = 86_400

describe('Idempotency-Key', () => {
  const clock = movableClock()
  let desk: Desk
  let names = 0
  beforeAll(async () => {
    desk = await startDesk({}, { now: clock.now })
    await desk.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, desk.userId)
  })
  afterAll(() => desk.close())

  const freshName = () => {
    names += 1
    return `request-${names}`
  }
  const send = (path: string, name: string, body: unknown, credential: Record<string, string> = {}) => {
    const init = request('POST', body)
    const headers = { ...(init.headers as object), 'idempotency-key': name, ...credential }
    const { fetch, asAdmin } = desk.gateway
    return (Object.keys(credential).length === 0 ? asAdmin : fetch)(path, { ...init, headers })
  }
  const mint = (name: string, change: object = {}, credential = {}) =>
    send('/admin/keys', name, { user_id: desk.userId, name: 'once', ...change }, credential)
  const replayOf = async (response: Response) => {
    expect([response.status, response.headers.get('idempotency-replayed')]).toEqual([200, 'true'])
    return json(response)
  }
  const firstOf = async (response: Response) => {
    expect(response.status, await response.clone().text()).toBe(201)
    expect(response.headers.get('idempotency-replayed')).toBeNull()
    const answer = await json(response)
    expect(await desk.codeFor(answer.key_text)).toBe('valid')
    return answer
  }
  const countKeys = async () => (await desk.rows('SELECT id FROM api_keys')).length
  const codeOf = async (response: Response) => [response.status, (await json(response)).code]

  test('the same name and body again is 200 with the same key and no text, and makes nothing', async () => {
    const name = freshName()
    const first = await firstOf(await mint(name, { scopes: ['a'] }))
    const [count, events] = [await countKeys(), (await desk.rows('SELECT id FROM audit_events')).length]
    for (let round = 0; round < 3; round += 1)
      expect(await replayOf(await mint(name, { scopes: ['a'] }))).toEqual({ key: first.key, key_text: null })
    expect(await countKeys()).toBe(count)
    expect(await desk.rows('SELECT id FROM audit_events')).toHaveLength(events)
  })

  test('the replay shows the key as it is now, also when it is dead', async () => {
    const name = freshName()
    const { key_text: text } = await firstOf(await mint(name))
    await desk.revoke(text)
    expect(await replayOf(await mint(name))).toMatchObject({
      key: { id: idOf(text), status: 'revoked' },
      key_text: null,
    })
  })

  test('the same name with another body is 409, and makes nothing', async () => {
    const name = freshName()
    await firstOf(await mint(name))
    const count = await countKeys()
    for (const change of [{ name: 'other' }, { scopes: ['a'] }, { user_id: 'usr_x' }])
      expect(await codeOf(await mint(name, change))).toEqual([409, 'conflict'])
    // The body is what was sent: also where it means the same.
    const spaced = JSON.stringify({ user_id: desk.userId, name: 'once' }, null, 2)
    expect(await codeOf(await send('/admin/keys', name, spaced))).toEqual([409, 'conflict'])
    expect(await countKeys()).toBe(count)
  })

  test('a request that was refused leaves nothing behind: its name is free', async () => {
    const name = freshName()
    expect((await mint(name, { user_id: 'usr_x' })).status).toBe(404)
    expect((await mint(name, { expires_at: '2020-01-01T00:00:00Z' })).status).toBe(400)
    expect((await mint(name, { unknown: 1 })).status).toBe(400)
    await firstOf(await mint(name))
  })

  test('another caller and another route may use the same name', async () => {
    const name = freshName()
    const callers = await Promise.all([1, 2].map(() => desk.mint({ scopes: ['keydesk:admin'] })))
    const first = await firstOf(await mint(name))
    const ids = [first.key.id]
    for (const caller of callers) {
      const made = await firstOf(await mint(name, {}, { 'x-api-key': caller }))
      ids.push(made.key.id)
      expect((await replayOf(await mint(name, {}, { 'x-api-key': caller }))).key.id).toBe(made.key.id)
    }
    const [one, two] = [await desk.mint(), await desk.mint()]
    for (const key of [one, two])
      ids.push((await firstOf(await send(`/admin/keys/${idOf(key)}/rotate`, name, {}))).key.id)
    expect(new Set(ids).size).toBe(5)
  })

  test('a rotation again is 200 with the same successor and no text', async () => {
    const [name, key] = [freshName(), await desk.mint()]
    const path = `/admin/keys/${idOf(key)}/rotate`
    const first = await firstOf(await send(path, name, { grace_seconds: 3600 }))
    expect(await replayOf(await send(path, name, { grace_seconds: 3600 }))).toEqual({
      ...first,
      key_text: null,
    })
    expect(await codeOf(await send(path, name, { grace_seconds: 3601 }))).toEqual([409, 'conflict'])
    expect(await codeOf(await send(path, freshName(), { grace_seconds: 3600 }))).toEqual([409, 'conflict'])
  })

  test.each(['mint', 'rotate'])('20 at once of the same %s make one key, and tell one text', async (what) => {
    const name = freshName()
    const path = what === 'mint' ? '/admin/keys' : `/admin/keys/${idOf(await desk.mint())}/rotate`
    const body = what === 'mint' ? { user_id: desk.userId, name: 'raced' } : {}
    const before = await countKeys()
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(path, name, body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201])
    const told = await Promise.all(answers.map(json))
    expect(new Set(told.map(({ key }) => key.id)).size).toBe(1)
    expect(told.filter(({ key_text: text }) => text !== null)).toHaveLength(1)
    expect(await countKeys()).toBe(before + 1)
  })

  test('20 at once with one name and two bodies make one key: of the other body all are 409', async () => {
    const name = freshName()
    const before = await countKeys()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => mint(name, { name: index % 2 === 0 ? 'even' : 'odd' })),
    )
    const count = (status: number) => answers.filter((answer) => answer.status === status).length
    expect([count(201), count(200), count(409)]).toEqual([1, 9, 10])
    expect(await countKeys()).toBe(before + 1)
  })

  test('a name is remembered over a restart and for 24 h, then it is free, and the record is gone', async () => {
    const name = freshName()
    const first = await firstOf(await mint(name))
    await desk.gateway.restart()
    clock.forward(day - 60)
    expect((await replayOf(await mint(name))).key.id).toBe(first.key.id)
    clock.forward(61)
    const anew = await firstOf(await mint(name, { name: 'another body' }))
    expect(anew.key.id).not.toBe(first.key.id)
    const records = await desk.rows('SELECT key_id FROM idempotency_records')
    expect(records).toEqual([{ key_id: anew.key.id }])
  })

  test.each(['', 'a b', 'x'.repeat(201), 'schlüssel', 'a\tb', 'a, b'])(
    'a name of %j is 400 that says so',
    async (name) => {
      const before = await countKeys()
      const key = await desk.mint()
      for (const response of [await mint(name), await send(`/admin/keys/${idOf(key)}/rotate`, name, {})]) {
        expect(response.status).toBe(400)
        expect((await json(response)).detail).toContain('Idempotency-Key')
      }
      expect(await countKeys()).toBe(before + 1)
    },
  )

  test('names of 1 and of 200 characters are good', async () => {
    for (const name of ['~', '!'.repeat(200)]) {
      await firstOf(await mint(name))
      await replayOf(await mint(name))
    }
  })

  test('the text of a key is stored nowhere and logged nowhere, and neither are name and body', async () => {
    const name = 'a-name-that-is-nobodys-business'
    const { key_text: text } = await firstOf(await mint(name, { name: 'body-of-it' }))
    await mint(name, { name: 'body-of-it' })
    const secret = text.split('_')[2]
    for (const place of [await desk.gateway.database.contents(), desk.gateway.log.join('')]) {
      expect(place).not.toContain(secret.slice(0, 43))
      expect(place).not.toContain(name)
    }
  })
})
