import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPruneAudit } from '../../src/services/prune-audit.ts'
import { createSealAudit } from '../../src/services/seal-audit.ts'
import { type Chain, chainOrigin, startChain } from './chained-events.ts'
import { engines, eventRow, land, plusMs } from './engines.ts'

/** What the keyring writes about its two keys. */
const ofKeyring = 2

describe.each(engines)('the chain of audit events on $name', (engine) => {
  let chain: Chain
  beforeEach(async () => {
    chain = await startChain(engine)
  })
  afterEach(() => chain.end())
  const newest = async () => (await chain.storage.audit.find({ limit: 1 }))[0]

  test('is empty and intact before anything is sealed, and says how much waits', async () => {
    await chain.writeMany(3)
    expect(await chain.here.verify()).toEqual({
      firstBreak: null,
      events: ofKeyring + 3,
      sealed: 0,
      erased: 0,
      prunedBefore: null,
      head: null,
      givenHead: null,
    })
  })

  test('holds every event in order, each with the hashes of its details', async () => {
    await chain.writeMany(3)
    await chain.here.seal()
    await chain.writeMany(1, { email: null, origin: undefined, actor: 'system', target: null })
    await chain.here.seal()
    const [events, seals] = [await chain.events(), await chain.seals()]
    expect(seals.map(({ seq, eventId }) => [seq, eventId])).toEqual(
      events.map(({ event }) => [event.seq, event.id]),
    )
    expect(new Set(seals.map(({ seal }) => seal)).size).toBe(events.length)
    const [first, second] = seals.slice(ofKeyring)
    // The same person in two events cannot be seen from the hashes.
    expect(first?.emailHash).toMatch(/^[\w-]{43}$/)
    expect(first?.emailHash).not.toBe(second?.emailHash)
    expect(first?.originHash).not.toBe(second?.originHash)
    expect(seals.at(-1)).toMatchObject({ emailHash: null, originHash: null })
    const verdict = await chain.there.verify()
    expect(verdict).toMatchObject({ firstBreak: null, events: 6, sealed: 6, erased: 0 })
    expect(verdict.head).toEqual({ seq: seals.at(-1)?.seq, seal: seals.at(-1)?.seal })
  })

  test('does not fork when two processes seal at once while events are being written', async () => {
    const writing = chain.writeMany(120)
    const sealing = Array.from({ length: 30 }, () => Promise.all([chain.here.seal(), chain.there.seal()]))
    await Promise.all([writing, ...sealing])
    await Promise.all([chain.here.seal(), chain.there.seal()])
    expect(await chain.here.verify()).toMatchObject({ firstBreak: null, events: 122, sealed: 122 })
    expect(chain.reports.filter(([, lost]) => lost !== null)).toEqual([])
  })

  test('goes on over numbers that were never used, as a list that is rolled back leaves them', async () => {
    const event = eventRow({})
    await chain.write(event)
    for (let tries = 0; tries < 3; tries += 1)
      expect(await chain.storage.atomically((tx) => chain.storage.audit.record(tx, event))).toBe(false)
    await land(chain.storage, (tx) => chain.storage.audit.recordOnce(tx, event))
    await chain.write(eventRow({}))
    await chain.here.seal()
    expect(await chain.here.verify()).toMatchObject({ firstBreak: null, sealed: ofKeyring + 2 })
  })

  test('takes up what was written and not sealed when a process ended', async () => {
    await chain.writeMany(2)
    await chain.here.seal()
    await chain.writeMany(2)
    await chain.there.seal()
    expect(await chain.here.verify()).toMatchObject({ firstBreak: null, sealed: ofKeyring + 4 })
  })

  test('is made of a trail from before there were seals and salts, in batches', async () => {
    await chain.writeMany(600)
    await chain.database.change('UPDATE audit_details SET email_salt = NULL, origin_salt = NULL')
    await chain.here.seal()
    expect(await chain.here.verify()).toMatchObject({ firstBreak: null, sealed: 602, erased: 0 })
    const [row] = (await chain.events()).slice(-1)
    expect(row?.details?.emailSalt).toMatch(/^[\w-]{22}$/)
    await chain.database.change(
      "UPDATE audit_details SET email = 'eve@corp.com' WHERE event_id = ?",
      row?.event.id,
    )
    expect((await chain.here.verify()).firstBreak).toMatchObject({ problem: 'details_changed' })
  })

  test('does not keep a process from ending: what is not sealed in time is sealed by the next one', async () => {
    await chain.writeMany(600)
    const running = chain.here.seal()
    await Promise.all([chain.here.seal(0), running])
    expect((await chain.here.verify()).sealed).toBeLessThan(602)
    await chain.there.seal()
    expect(await chain.here.verify()).toMatchObject({ firstBreak: null, sealed: 602 })
  })

  test('is as whole as before when a person is erased, before the seal and after it, and nothing can be guessed', async () => {
    await chain.writeMany(2, { target: 'user:usr_a' })
    await chain.here.seal()
    await chain.writeMany(2, { target: 'user:usr_a' })
    await chain.writeMany(1, { actor: 'user:usr_b', email: 'bob@corp.com' })
    await land(chain.storage, (tx) => chain.storage.audit.eraseDetails(tx, 'usr_a', ['ada@corp.com']))
    await chain.here.seal()
    const rows = (await chain.events()).slice(ofKeyring)
    expect(rows.map(({ details }) => [details?.emailSalt === null, details?.originSalt === null])).toEqual([
      [true, true],
      [true, true],
      [true, true],
      [true, true],
      [false, false],
    ])
    // The two that were sealed before keep their hashes, which nobody can check against a guess any more.
    expect(await chain.here.verify()).toMatchObject({ firstBreak: null, sealed: 7, erased: 2 })
  })

  test('tells of its head once in a while, when it moved', async () => {
    await chain.writeMany(1)
    await chain.here.seal()
    await chain.writeMany(1)
    await chain.here.seal()
    expect(chain.reports).toHaveLength(1)
    chain.setDay(1)
    await chain.here.seal()
    await chain.here.seal()
    expect(chain.reports).toHaveLength(2)
    expect(chain.reports[1]).toEqual([(await chain.here.verify()).head, null])
  })

  test('does not wait for what cannot be sealed, and leaves a database alone that fails', async () => {
    let asked = 0
    const seal = createSealAudit({
      storage: {
        ...chain.storage,
        atomicallyUnnoticed: async () => {
          asked += 1
          throw new Error('down')
        },
      },
      auditKeys: chain.auditKeys,
      now: () => new Date(),
    })
    await expect(seal()).rejects.toThrow('down')
    await seal()
    expect(asked).toBe(1)
  })

  describe('that is pruned', () => {
    test('keeps what is younger than the retention, and proves the rest', async () => {
      await chain.writeMany(5, { at: plusMs(-40 * 86_400_000) })
      await chain.writeMany(3)
      await chain.here.seal()
      const kept = (await chain.events()).slice(-3).map(({ event }) => event.id)
      // The keyring was made first, and is younger: nothing behind it goes, whatever its age.
      expect(await chain.here.prune(30)).toBe(0)
      chain.setDay(31)
      await chain.writeMany(1, { at: plusMs(31 * 86_400_000) })
      await chain.here.seal()
      chain.setDay(30.00001)
      expect(await chain.here.prune(30)).toBe(8)
      await chain.here.seal()
      expect((await chain.events()).map(({ event }) => event.id)).toEqual(
        expect.arrayContaining(kept.slice(1)),
      )
      const verdict = await chain.there.verify()
      expect(verdict).toMatchObject({ firstBreak: null, events: 4, sealed: 4 })
      expect(verdict.prunedBefore).toBeGreaterThan(0)
      expect((await newest())?.event).toMatchObject({
        action: 'audit.pruned',
        actor: 'system',
        facts: { events: 8 },
      })
      const [{ n }] = await chain.database.rows('SELECT count(*) AS n FROM audit_details')
      expect(Number(n)).toBe(4)
    })

    test('is pruned once a day, by one of two that begin at once, in batches', async () => {
      await chain.writeMany(700)
      await chain.here.seal()
      chain.setDay(31)
      await chain.write(eventRow({ at: plusMs(31 * 86_400_000) }))
      await chain.here.seal()
      const counts = await Promise.all([chain.here.prune(30), chain.there.prune(30)])
      expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(702)
      await chain.here.seal()
      const { events } = await chain.here.verify()
      expect(await chain.here.verify()).toMatchObject({ firstBreak: null, sealed: events })
      const told = await chain.storage.audit.find({ action: 'audit.pruned', limit: 10 })
      const sum = told.reduce((total, { event }) => total + Number(event.facts.events), 0)
      expect(sum).toBe(702)
      chain.setDay(31.5)
      await chain.write(eventRow({ at: plusMs(31.5 * 86_400_000) }))
      await chain.here.seal()
      expect(await chain.here.prune(1)).toBe(0)
      chain.setDay(40)
      expect(await chain.here.prune(1)).toBeGreaterThan(0)
      await chain.here.seal()
      expect(await chain.here.verify()).toMatchObject({ firstBreak: null })
    })

    test('is not called broken for what another replica took between two readings', async () => {
      await chain.writeMany(20)
      await chain.here.seal()
      chain.setDay(31)
      await chain.write(eventRow({ at: plusMs(31 * 86_400_000) }))
      await chain.here.seal()
      let took = 0
      const overtaken = createPruneAudit({
        storage: {
          ...chain.storage,
          auditChain: {
            ...chain.storage.auditChain,
            events: async (...range) => {
              const rows = await chain.storage.auditChain.events(...range)
              if (took === 0) took = await chain.there.prune(30)
              return rows
            },
          },
        },
        auditKeys: chain.auditKeys,
        retentionSeconds: 30 * 86_400,
        now: () => plusMs(31 * 86_400_000),
      })
      expect(await overtaken()).toBe(0)
      expect(took).toBeGreaterThan(20)
    })

    test('loses nothing that is not sealed, and nothing while the chain is broken', async () => {
      await chain.writeMany(4)
      chain.setDay(31)
      expect(await chain.here.prune(30)).toBe(0)
      await chain.here.seal()
      const { seq } = (await chain.events())[2]?.event ?? { seq: 0 }
      await chain.database.change("UPDATE audit_events SET actor = 'user:usr_b' WHERE seq = ?", seq)
      await expect(chain.here.prune(30)).rejects.toMatchObject({ code: 'conflict' })
      expect(await chain.events()).toHaveLength(6)
    })

    test('finds an anchor that was moved, and what was put before it', async () => {
      await chain.writeMany(6)
      await chain.here.seal()
      chain.setDay(31)
      await chain.here.prune(30)
      await chain.here.seal()
      const anchor = await chain.storage.auditChain.anchor()
      expect(await chain.here.verify()).toMatchObject({ firstBreak: null })
      expect(await chain.here.verify({ known: { seq: (anchor?.seq ?? 0) - 1, seal: 'x' } })).toMatchObject({
        givenHead: 'pruned',
      })
      await chain.database.change('UPDATE audit_anchors SET seq = seq - 1')
      expect((await chain.here.verify()).firstBreak).toMatchObject({ problem: 'anchor_wrong' })
      await chain.database.change('UPDATE audit_anchors SET seq = seq + 1')
      await chain.database.change(
        `INSERT INTO audit_seals (seq, event_id, key_id, seal) VALUES (1, 'evt_made_up', 'audit-1', 'x')`,
      )
      expect((await chain.here.verify()).firstBreak).toMatchObject({ seq: 1, problem: 'anchor_wrong' })
      await chain.database.change('DELETE FROM audit_seals WHERE seq = 1')
      await chain.database.change('DELETE FROM audit_anchors')
      expect((await chain.here.verify()).firstBreak).toMatchObject({ problem: 'seal_wrong' })
    })
  })

  test('of two that continue at the same place one lands, even when the other was pruned meanwhile', async () => {
    await chain.writeMany(4, { origin: chainOrigin })
    const [row] = await chain.events()
    await chain.here.seal()
    const late = await chain.storage.atomicallyUnnoticed((tx) =>
      chain.storage.auditChain.extend(tx, null, [
        {
          seq: (row?.event.seq ?? 0) - 1,
          eventId: 'evt_late',
          emailHash: null,
          originHash: null,
          keyId: 'audit-1',
          seal: 'x',
        },
      ]),
    )
    expect(late).toBe(false)
    expect(await chain.here.verify()).toMatchObject({ firstBreak: null })
  })
})
