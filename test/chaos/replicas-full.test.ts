import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import type { TimedReply } from '../support/timed-client.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { beginSignIns, mintAtOnce, slowestMs } from './many-writes.ts'
import { startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys, type ToldKey } from './told-keys.ts'
import { mintWarmKeys } from './warm-keys.ts'

const mintsAtOnce = 180
const signInsAtOnce = 20
const answerMsMax = 5000
const serverConnectionsMax = 60
/** Just less than a statement may wait, so that whoever waits goes on to the next one. */
const lockedMs = 1300
const freeMs = 50

describe('replicas whose connections are used up', () => {
  let replicas: Replicas
  let warm: ToldKey[]
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas({
      server: { settings: { max_connections: String(serverConnectionsMax) } },
      settings: () => ({ SSO_KEYS_MAX: '1000' }),
    })
    // Once before, so that nobody is new.
    for (const call of await beginSignIns(replicas, replicas.all[0]!, told, 2)) await call()
    warm = await mintWarmKeys(replicas, told)
  })
  afterAll(() => replicas?.close())

  test(`by ${mintsAtOnce} mints and ${signInsAtOnce} sign-ins that wait for one lock answer each in time, and warm keys at once, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const replica = replicas.all[round % replicas.all.length]!
      const begun = await beginSignIns(replicas, replica, told, signInsAtOnce)
      const load = startLoad(replicas, told, { warm })
      await load.until(
        'it mints and revokes',
        () => load.count('mint', 201) >= 10 && load.count('revoke', 204) >= 3,
      )
      const holder = await connectTo(replicas.database.url)
      await holder.query('BEGIN; UPDATE epoch SET n = n')
      const filledAt = performance.now()
      const sent = [...begun.map((call) => call()), ...mintAtOnce(replicas, replica, told, mintsAtOnce)]
      // Until all are answered, or until the first is, so that the others still have a way to go.
      const isHeldToTheEnd = round % 2 === 0
      await (isHeldToTheEnd ? Promise.all(sent) : Promise.race(sent))
      const filledUntil = performance.now()
      await holder.end()
      const answers = await Promise.all(sent)
      await replicas.healthy()
      await load.stop()

      expect(slowestMs(answers)).toBeLessThan(answerMsMax)
      const right = isHeldToTheEnd ? [503] : [200, 201, 503]
      expect(answers.filter(({ status }) => !right.includes(status ?? 0))).toEqual([])
      const during = load.seen(filledAt).filter(({ work, sentAt }) => work === 'warm' && sentAt < filledUntil)
      expect(during.length).toBeGreaterThan(10)
      expect(during.filter(({ status }) => status !== 200)).toEqual([])
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
  })

  const times = Math.ceil(rounds / 3)
  test(`by a lock that comes and goes answer each in time, ${times} times over`, async () => {
    for (let time = 0; time < times; time += 1) {
      const replica = replicas.all[time % replicas.all.length]!
      const begun = await beginSignIns(replicas, replica, told, signInsAtOnce)
      const sent: Promise<TimedReply>[] = []
      const holder = await connectTo(replicas.database.url)
      let isOver = false
      const locking = (async () => {
        while (!isOver) {
          await holder.query('BEGIN; UPDATE epoch SET n = n')
          await pause(lockedMs)
          await holder.query('ROLLBACK')
          await pause(freeMs)
        }
      })()
      const minting = (async () => {
        while (!isOver) {
          sent.push(...mintAtOnce(replicas, replica, told, 3))
          await pause(150)
        }
      })()
      await expect.poll(() => sent.length, { timeout: 10_000 }).toBeGreaterThan(30)
      // All over the time that the lock takes to come and go.
      for (const call of begun) {
        sent.push(call())
        await pause((lockedMs + freeMs) / signInsAtOnce)
      }
      await Promise.all(sent)
      isOver = true
      await Promise.all([locking, minting])
      const answers = await Promise.all(sent)
      await holder.end()
      await replicas.healthy()
      expect(answers.filter(({ status }) => ![200, 201, 503].includes(status ?? 0))).toEqual([])
      expect(slowestMs(answers)).toBeLessThan(answerMsMax)
    }
  })

  test(`by others, up to the last one that the server gives, go on with those that they have, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const load = startLoad(replicas, told, { warm })
      await load.until('it mints', () => load.count('mint', 201) >= 10)
      const others = await takeAllConnections()
      const fullAt = performance.now()
      const warmSince = () => load.seen(fullAt).filter(({ work }) => work === 'warm')
      await load.until('warm keys are asked for', () => warmSince().length > 30)
      const seenWhileFull = warmSince()
      // Now they lose those that they had, too, and others take them.
      if (round % 2 === 1) {
        await load.until('they refuse', async () => {
          await endConnectionsOfReplicas()
          others.push(...(await takeAllConnections()))
          return load.count('warm', 503) > 0
        })
      }
      for (const one of others) await one.end()
      await replicas.healthy()
      const again = load.count('mint', 201)
      await load.until('all of them go on', () => load.count('mint', 201) >= again + 10)
      await load.stop()
      expect(seenWhileFull.filter(({ status }) => status !== 200)).toEqual([])
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
    await expectAcknowledged(replicas, told)
  })

  async function takeAllConnections(): Promise<pg.Client[]> {
    const taken: pg.Client[] = []
    for (;;) {
      try {
        taken.push(await connectTo(replicas.database.url))
      } catch {
        return taken
      }
    }
  }

  async function endConnectionsOfReplicas(): Promise<void> {
    const admin = await connectTo(replicas.server.adminUrl)
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'keydesk'",
    )
    await admin.end()
  }
})

async function connectTo(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
