import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { type Load, startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys, type ToldKey } from './told-keys.ts'
import { mintWarmKeys } from './warm-keys.ts'

const heldMs = 5000
/** What a statement may take by default, and a little: until then who waits has not been told yet. */
const noticedMs = 3000
/** Of three replicas with ten each, and as many again that the server has yet to close. */
const connectionsMax = 60

/** What somebody at a console, a migration or a forgotten transaction locks. */
const locks = {
  'the epoch row': 'UPDATE epoch SET n = n',
  'the table of keys': 'LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE',
  'the table of users': 'LOCK TABLE users IN EXCLUSIVE MODE',
} as const
const names = Object.keys(locks) as (keyof typeof locks)[]

describe(`a lock that is held for ${heldMs / 1000} s while replicas mint and revoke`, () => {
  let replicas: Replicas
  let warm: ToldKey[]
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas()
    warm = await mintWarmKeys(replicas, told)
  })
  afterAll(() => replicas?.close())

  test(`makes nobody wait for long, nothing pile up, and no warm key notice, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const load = startLoad(replicas, told, { warm })
      const sum = (status: number) => load.count('mint', status) + load.count('revoke', status)
      await load.until('it mints and revokes', () => sum(201) >= 15 && sum(204) >= 8)
      await holdWhileLoaded(load, names[round % names.length]!)
      await replicas.healthy()
      const again = { mints: sum(201), revocations: sum(204) }
      await load.until(
        'all of them go on',
        () => sum(201) >= again.mints + 10 && sum(204) >= again.revocations + 10,
      )
      await load.stop()
      const refused = load.seen().filter(({ work, status }) => work === 'warm' && status !== 200)
      expect(refused, `round ${round}`).toEqual([])
      expect(load.count('warm', 200)).toBeGreaterThan(100)
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
    await expectAcknowledged(replicas, told)
  })

  async function holdWhileLoaded(load: Load, name: keyof typeof locks): Promise<void> {
    const holder = new pg.Client(
      replicas.server.adminUrl.replace(/\/postgres$/, new URL(replicas.database.url).pathname),
    )
    await holder.connect()
    try {
      await holder.query(`BEGIN; ${locks[name]}`)
      const lockedAt = performance.now()
      await load.until(`${name} makes them refuse`, () =>
        load.seen(lockedAt).some(({ work, status }) => work === 'mint' && status === 503),
      )
      await pause(heldMs - (performance.now() - lockedAt))
      const { rows } = await holder.query<{ count: string }>(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'keydesk' AND datname = current_database()",
      )
      const open = Number(rows[0]?.count)
      if (open > connectionsMax) told.find(`${open} connections were open behind a lock of ${name}`)
      await holder.query('ROLLBACK')
      const written = load
        .seen(lockedAt + noticedMs)
        .filter(({ work, answeredAt }) => work === 'mint' && answeredAt < lockedAt + heldMs)
      for (const { status } of written) expect(status).toBe(503)
    } finally {
      await holder.end()
    }
  }
})
