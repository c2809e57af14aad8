import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Chain, startChain } from './chained-events.ts'
import { engines } from './engines.ts'

/** Rows as they were, to be put back: the databases show instants as milliseconds and JSON as text. */
type Row = Record<string, any>

const tables = ['audit_events', 'audit_details', 'audit_seals', 'audit_anchors'] as const

describe.each(engines)('whoever writes to the database of $name is found out by the chain', (engine) => {
  let chain: Chain
  let before: Map<string, Row[]>
  /** The numbers of the ten events in the middle, past those of the keyring. */
  let seqs: number[]
  beforeAll(async () => {
    chain = await startChain(engine)
    await chain.writeMany(12)
    await chain.here.seal()
    seqs = (await chain.events()).map(({ event }) => event.seq).slice(2)
    before = new Map()
    for (const table of tables) before.set(table, await chain.database.rows(`SELECT * FROM ${table}`))
    expect((await chain.here.verify()).firstBreak).toBeNull()
  })
  afterEach(async () => {
    for (const table of tables) {
      await change(`DELETE FROM ${table}`)
      for (const row of before.get(table) ?? []) await insert(table, row)
    }
    expect((await chain.here.verify()).firstBreak).toBeNull()
  })
  afterAll(() => chain.end())

  const change = (statement: string, ...values: unknown[]) => chain.database.change(statement, ...values)
  const insert = (table: string, row: Row) => {
    const names = Object.keys(row)
    const always = chain.database.engine === 'postgres' ? 'OVERRIDING SYSTEM VALUE' : ''
    const values = names.map((name) => (/^(?:at|pruned_at)$/.test(name) ? new Date(row[name]) : row[name]))
    return change(
      `INSERT INTO ${table} (${names.join()}) ${always} VALUES (${names.map(() => '?').join()})`,
      ...values,
    )
  }
  const rowAt = (table: string, seq: number): Row =>
    before.get(table)?.find((row) => row.seq === seq) ?? raise(`no ${table} ${seq}`)
  const at = (index: number): number => seqs[index] ?? raise(`no event ${index}`)
  const broken = async () => (await chain.here.verify()).firstBreak
  const idAt = (index: number) => rowAt('audit_events', at(index)).id

  test.each([
    ['a fact', 'facts = \'{"n":99}\''],
    ['an action', "action = 'key.revoked'"],
    ['an actor', "actor = 'user:usr_b'"],
    ['a target', "target = 'key:other'"],
    ['a target that is taken away', 'target = NULL'],
    ['a request id', "request_id = 'req_2'"],
  ])('%s that was changed', async (_, set) => {
    await change(`UPDATE audit_events SET ${set} WHERE seq = ?`, at(5))
    expect(await broken()).toEqual({ seq: at(5), eventId: idAt(5), problem: 'seal_wrong' })
  })

  test('a time that was changed by a millisecond', async () => {
    const moved = new Date(rowAt('audit_events', at(5)).at + 1)
    await change('UPDATE audit_events SET at = ? WHERE seq = ?', moved, at(5))
    expect(await broken()).toMatchObject({ seq: at(5), problem: 'seal_wrong' })
  })

  test('the id of an event that was changed', async () => {
    await change("UPDATE audit_events SET id = 'evt_other' WHERE seq = ?", at(5))
    expect(await broken()).toMatchObject({ seq: at(5), problem: 'event_changed' })
  })

  test.each([
    ['an email', "email = 'eve@corp.com'"],
    ['an address', "address = '198.51.100.1'"],
    ['a user agent', "user_agent = 'other/1'"],
    ['a user agent that is taken away', 'user_agent = NULL'],
    ['an email that is taken away and its salt left', 'email = NULL'],
    ['an email whose salt is taken away', 'email_salt = NULL'],
    ['an email under a salt of the same person', "email = 'eve@corp.com', email_salt = 'AAAA'"],
  ])('%s of the details that was changed', async (_, set) => {
    await change(`UPDATE audit_details SET ${set} WHERE event_id = ?`, idAt(5))
    expect(await broken()).toEqual({ seq: at(5), eventId: idAt(5), problem: 'details_changed' })
  })

  test('details that were deleted, and details that an event never had', async () => {
    await change('DELETE FROM audit_details WHERE event_id = ?', idAt(5))
    expect(await broken()).toMatchObject({ seq: at(5), problem: 'details_changed' })
    const [ofKeyring] = (await chain.events()).map(({ event }) => event)
    await change(
      "UPDATE audit_details SET email = 'eve@corp.com', email_salt = 'AAAA' WHERE event_id = ?",
      ofKeyring?.id,
    )
    expect(await broken()).toMatchObject({ seq: ofKeyring?.seq, problem: 'details_changed' })
  })

  test('an event in the middle that was deleted', async () => {
    await change('DELETE FROM audit_events WHERE seq = ?', at(5))
    expect(await broken()).toEqual({ seq: at(5), eventId: idAt(5), problem: 'event_missing' })
  })

  test('an event that was deleted together with its seal and its details', async () => {
    await change('DELETE FROM audit_events WHERE seq = ?', at(5))
    await change('DELETE FROM audit_seals WHERE seq = ?', at(5))
    await change('DELETE FROM audit_details WHERE event_id = ?', idAt(5))
    expect(await broken()).toMatchObject({ seq: at(6), problem: 'seal_wrong' })
  })

  test('a seal that was deleted', async () => {
    await change('DELETE FROM audit_seals WHERE seq = ?', at(5))
    expect(await broken()).toEqual({ seq: at(5), eventId: idAt(5), problem: 'seal_missing' })
  })

  test('two events that exchanged their places, with their seals or without', async () => {
    const [first, second] = [rowAt('audit_events', at(4)), rowAt('audit_events', at(5))]
    await change('DELETE FROM audit_events WHERE seq IN (?, ?)', at(4), at(5))
    await insert('audit_events', { ...first, seq: at(5) })
    await insert('audit_events', { ...second, seq: at(4) })
    expect(await broken()).toMatchObject({ seq: at(4), problem: 'event_changed' })
    const [firstSeal, secondSeal] = [rowAt('audit_seals', at(4)), rowAt('audit_seals', at(5))]
    await change('DELETE FROM audit_seals WHERE seq IN (?, ?)', at(4), at(5))
    await insert('audit_seals', { ...firstSeal, seq: at(5) })
    await insert('audit_seals', { ...secondSeal, seq: at(4) })
    expect(await broken()).toMatchObject({ seq: at(4), problem: 'seal_wrong' })
  })

  test('an event that was put in the place of another, with a made-up seal', async () => {
    const [event, seal] = [rowAt('audit_events', at(5)), rowAt('audit_seals', at(5))]
    await change('DELETE FROM audit_events WHERE seq = ?', at(5))
    await change('DELETE FROM audit_seals WHERE seq = ?', at(5))
    await insert('audit_events', { ...event, id: 'evt_made_up' })
    await insert('audit_seals', { ...seal, event_id: 'evt_made_up' })
    expect(await broken()).toEqual({ seq: at(5), eventId: 'evt_made_up', problem: 'seal_wrong' })
  })

  test('an event that was put before all others, with a made-up seal, without one, or below zero', async () => {
    const made = { ...rowAt('audit_events', at(5)), id: 'evt_made_up', seq: -3 }
    await insert('audit_events', made)
    expect(await broken()).toMatchObject({ seq: -3, problem: 'seal_missing' })
    await insert('audit_seals', { ...rowAt('audit_seals', at(5)), seq: -3, event_id: 'evt_made_up' })
    expect(await broken()).toMatchObject({ seq: -3, problem: 'seal_wrong' })
  })

  test('a prefix that was deleted, with and without a made-up anchor, or with a genuine seal in it', async () => {
    for (const table of ['audit_events', 'audit_seals'])
      await change(`DELETE FROM ${table} WHERE seq < ?`, at(4))
    expect(await broken()).toMatchObject({ seq: at(4), problem: 'seal_wrong' })
    const { seal, key_id } = rowAt('audit_seals', at(3))
    const anchor = { id: 'chain', seq: at(3), seal, pruned_at: Date.now(), key_id, mac: seal }
    await insert('audit_anchors', anchor)
    expect(await broken()).toMatchObject({ seq: at(3), problem: 'anchor_wrong' })
  })

  test('a seal under a key that Keydesk does not have', async () => {
    await change("UPDATE audit_seals SET key_id = 'audit-2' WHERE seq = ?", at(5))
    expect(await broken()).toMatchObject({ seq: at(5), problem: 'seal_wrong' })
  })

  test('a seal for an event far ahead, which would keep all others from being sealed', async () => {
    await insert('audit_seals', { ...rowAt('audit_seals', at(5)), seq: 1_000_000, event_id: 'evt_made_up' })
    expect(await broken()).toMatchObject({ seq: 1_000_000, problem: 'event_missing' })
  })

  test('an end that was cut off: only by a head that was kept elsewhere', async () => {
    const { head } = await chain.here.verify()
    if (head === null) throw new Error('nothing is sealed')
    expect(await chain.here.verify({ known: head })).toMatchObject({
      firstBreak: null,
      givenHead: 'in_chain',
    })
    for (const table of ['audit_events', 'audit_seals'])
      await change(`DELETE FROM ${table} WHERE seq > ?`, at(8))
    expect((await chain.here.verify()).firstBreak).toBeNull()
    const verdict = await chain.here.verify({ known: head })
    expect(verdict).toMatchObject({
      givenHead: 'missing',
      firstBreak: { seq: head.seq, problem: 'head_missing' },
    })
  })

  test('an end that was changed and sealed anew: by the process that sealed it, and by a head kept elsewhere', async () => {
    const { head } = await chain.here.verify()
    await change('DELETE FROM audit_seals WHERE seq > ?', at(8))
    await change("UPDATE audit_events SET actor = 'user:usr_b' WHERE seq = ?", at(9))
    chain.reports.length = 0
    await chain.here.seal()
    expect((await chain.here.verify()).firstBreak).toBeNull()
    expect(chain.reports[0]?.[1]).toEqual(head)
    expect(await chain.here.verify({ known: head ?? undefined })).toMatchObject({ givenHead: 'missing' })
  })

  test('the same behind a made-up anchor, which says that all of it was pruned', async () => {
    const { head } = await chain.here.verify()
    // What the process remembers is what it sealed last.
    await chain.writeMany(1)
    await chain.here.seal()
    const { head: last } = await chain.here.verify()
    await insert('audit_anchors', madeUpAnchor(1_000_000))
    await change('DELETE FROM audit_seals WHERE seq > ?', at(8))
    await change("UPDATE audit_events SET actor = 'user:usr_b' WHERE seq = ?", at(9))
    chain.reports.length = 0
    await chain.here.seal()
    await change('DELETE FROM audit_anchors')
    expect((await chain.here.verify()).firstBreak).toBeNull()
    expect(chain.reports[0]?.[1]).toEqual(last)
    expect(await chain.here.verify({ known: head ?? undefined })).toMatchObject({ givenHead: 'missing' })
  })

  test('a prefix that was deleted before its time: pruning makes no genuine anchor of a made-up one', async () => {
    for (const table of ['audit_events', 'audit_seals'])
      await change(`DELETE FROM ${table} WHERE seq < ?`, at(4))
    await insert('audit_anchors', madeUpAnchor(at(3)))
    chain.setDay(400)
    await expect(chain.here.prune(30)).rejects.toMatchObject({ code: 'conflict' })
    chain.setDay(0)
    expect(await broken()).toMatchObject({ seq: at(3), problem: 'anchor_wrong' })
  })

  test.each([
    ['below', -(2 ** 53)],
    ['above', 2 ** 53],
  ])('an event with a number %s all that are sealed', async (_, seq) => {
    await insert('audit_events', { ...rowAt('audit_events', at(5)), id: 'evt_made_up', seq })
    expect(await broken()).toMatchObject({ seq, problem: 'seal_missing' })
  })

  test('a fact that was changed to what has no written form', async () => {
    await change('UPDATE audit_events SET facts = \'{"n":1e999}\' WHERE seq = ?', at(5))
    expect(await broken()).toEqual({ seq: at(5), eventId: idAt(5), problem: 'seal_wrong' })
  })

  test('an event that cannot be sealed, which keeps whatever comes after it open to changes', async () => {
    await insert('audit_events', { ...rowAt('audit_events', at(5)), id: 'evt_made_up', seq: 1000 })
    await change(`UPDATE audit_events SET facts = '{"n":1e999}' WHERE seq = 1000`)
    await expect(chain.there.seal()).rejects.toThrow()
    expect(await broken()).toEqual({ seq: 1000, eventId: 'evt_made_up', problem: 'event_changed' })
  })

  function madeUpAnchor(seq: number): Row {
    const { seal, key_id } = rowAt('audit_seals', at(3))
    return { id: 'chain', seq, seal, pruned_at: 0, key_id, mac: seal }
  }
})

function raise(message: string): never {
  throw new Error(message)
}
