import { type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditEvent } from '../../../src/domain/audit-event.ts'
import { openStorage } from '../../../src/storage/storage.ts'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { sealNow } from '../../support/seal-now.ts'

const many = 6000

describe('GET /admin/audit/export', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk()
    const key = await desk.mint()
    await desk.revoke(key)
    await addMany(desk.gateway.database.url)
    await sealNow(desk.gateway)
  })
  afterAll(() => desk.close())
  const read = (query = '') => desk.gateway.asAdmin(`/admin/audit/export${query}`)
  const linesOf = async (query = ''): Promise<any[]> => {
    const text = await (await read(query)).text()
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
  }

  test('holds every event once, oldest first, in the form of the list with its seal', async () => {
    const response = await read()
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(response.headers.get('cache-control')).toContain('no-store')
    const text = await response.text()
    expect(text.endsWith('}\n')).toBe(true)
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const stored = await desk.rows('SELECT seq, seal FROM audit_seals ORDER BY seq')
    expect(lines.map(({ seq, seal }) => [seq, seal])).toEqual(
      stored.map(({ seq, seal }) => [Number(seq), seal]),
    )
    expect(lines.length).toBeGreaterThan(many)
    const { data } = await json(await desk.gateway.asAdmin('/admin/audit?limit=1'))
    const { seal, email_hash, origin_hash, key_id, ...rest } = lines.at(-1)
    expect(rest).toEqual(data[0])
    expect({ seal, email_hash, origin_hash, key_id }).toEqual({
      seal: expect.stringMatching(/^[\w-]{43}$/),
      email_hash: expect.stringMatching(/^[\w-]{43}$/),
      origin_hash: null,
      key_id: 'audit-1',
    })
    // A salt would tell who was erased, wherever the file is by then.
    expect(text).not.toContain('_salt"')
  })

  test.each([
    ['action', '?action=key.revoked', 1],
    ['actor', '?actor=user:usr_many&until=2030-01-01T00:00:00.500Z', 500],
    ['target', '?target=key:many-7', 1],
    ['email', '?email=%20Many-3@corp.test', many / 10],
    ['a span', '?since=2030-01-01T00:00:01Z&until=2030-01-01T00:00:02Z', 1000],
    ['nothing that is there', '?actor=user:nobody', 0],
  ])('is filtered by %s', async (_, query, count) => {
    expect(await linesOf(query)).toHaveLength(count)
  })

  test('is filtered by a user: what they and their keys did, and what was done to them and their keys', async () => {
    const key = await desk.mint({ user_id: await desk.addUser() })
    const [{ user_id: userId }] = await desk.rows('SELECT user_id FROM api_keys WHERE id = ?', idOf(key))
    await desk.mint()
    await desk.revoke(key)
    await desk.gateway.asAdmin(`/admin/users/${userId}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"groups":["ops"]}',
    })
    await desk.gateway.asAdmin('/admin/keys', { headers: { authorization: `Bearer ${key}` } })
    const found = await linesOf(`?user_id=${userId}`)
    expect(found.map(({ action }) => action)).toEqual(['key.minted', 'key.revoked', 'user.updated'])
    const { data } = await json(await desk.gateway.asAdmin(`/admin/audit?user_id=${userId}`))
    expect(data.map(({ id }: any) => id)).toEqual(found.map(({ id }) => id).reverse())
  })

  test.each(['?limit=1', '?cursor=x', '?since=yesterday', '?action=everything', '?email=', '?user_id=%00'])(
    'refuses the query %s, and answers with a problem',
    async (query) => {
      const response = await read(query)
      expect(response.status).toBe(400)
      expect(response.headers.get('content-type')).toContain('application/problem+json')
    },
  )

  test('refuses a span that ends before it begins', async () => {
    expect((await read('?since=2030-01-02T00:00:00Z&until=2030-01-01T00:00:00Z')).status).toBe(400)
  })

  test('reads no further when the client is gone, or takes nothing, and others are served', async () => {
    const response = await begin(desk)
    expect(response.statusCode).toBe(200)
    response.on('error', () => undefined)
    // Nothing of the answer is taken. A change is written and seen meanwhile: nothing stays open (design §3).
    const key = await desk.mint()
    expect(await desk.codeFor(key)).toBe('valid')
    await desk.revoke(key)
    expect(await desk.codeFor(key)).toBe('revoked_key')
    response.destroy()
    expect((await linesOf('?action=key.revoked')).length).toBeGreaterThan(1)
  })

  test('that cannot go on breaks the connection, so that nobody takes a part for all of it', async () => {
    const own = await startDesk()
    // More than sockets hold between the two.
    await addMany(own.gateway.database.url, 5000)
    const response = await begin(own)
    expect(response.statusCode).toBe(200)
    const mend = await own.gateway.database.breakDown()
    const text = await new Promise<string>((resolve) => {
      let read = ''
      response.setEncoding('utf8').on('data', (part) => {
        read += part
      })
      response.on('error', () => undefined).on('close', () => resolve(read))
    })
    // Nothing that would pass for an end, and no word of what was wrong.
    expect(response.complete).toBe(false)
    expect(text).toMatch(/^\{"seq":/)
    expect(text).not.toMatch(/database|Error/)
    await mend()
    expect(own.gateway.log.some((line) => line.includes('an export of the audit trail was cut off'))).toBe(
      true,
    )
    await own.close()
  })
})

/** An export of which nothing is read yet. Not by `fetch`, which takes a part for all of it. */
async function begin(desk: Desk): Promise<IncomingMessage> {
  const url = `${desk.gateway.url.replace('localhost', '127.0.0.1')}/admin/audit/export`
  const client = request(url, { headers: { authorization: `Bearer ${desk.gateway.masterKey}` } })
  return new Promise((resolve, reject) => client.on('response', resolve).on('error', reject).end())
}

/** Events of the year 2030, a millisecond apart. */
async function addMany(url: string, bytes = 1500): Promise<void> {
  const storage = await openStorage(url, { connectMs: 5000, statementMs: 10_000 })
  for (let done = 0; done < many; done += 1000) {
    const events = Array.from({ length: 1000 }, (_, index) =>
      auditEvent({
        at: new Date(Date.parse('2030-01-01T00:00:00Z') + done + index),
        action: 'key.updated',
        actor: 'user:usr_many',
        target: `key:many-${done + index}`,
        facts: { padding: 'x'.repeat(bytes) },
        email: `many-${index % 10}@corp.test`,
      }),
    )
    await storage.atomically((tx) => storage.audit.recordMany(tx, events))
  }
  await storage.close()
}
