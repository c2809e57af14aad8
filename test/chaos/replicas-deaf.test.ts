import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idOf } from '../support/desk.ts'
import { json } from '../support/json.ts'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import { type Cut, startWire, type Wire } from '../support/wire.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys } from './told-keys.ts'

const cuts: readonly Cut[] = ['frozen', 'reset', 'swallowed']
const effectMsMax = 1500
const keysCount = 3
/** A wire that says nothing is probed every five seconds, for two. */
const noticedMsMax = 12_000

describe('a replica of which only the connection that listens is cut', () => {
  let replicas: Replicas
  let wire: Wire
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas({
      settings: async (index, databaseUrl): Promise<Record<string, string>> => {
        if (index !== 0) return {}
        wire = await startWire(Number(new URL(databaseUrl).port))
        return { DATABASE_LISTEN_URL: wire.through(databaseUrl) }
      },
    })
  })
  afterAll(async () => {
    await replicas?.close()
    await wire?.close()
  })

  const isListening = () => replicas.all[0]!.desk.metric('keydesk_feed_listening')

  test(`acts on a revocation ${effectMsMax} ms after it is committed, and before it is acknowledged, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const [deaf, revoker] = [replicas.all[0]!, replicas.all[1 + (round % 2)]!]
      await expect.poll(isListening, { timeout: noticedMsMax }).toBe(1)
      wire.cut(cuts[round % cuts.length]!)
      // Its own writes would make it look.
      const load = startLoad(replicas, told, { readOnly: deaf })
      await load.until(
        'it mints and revokes',
        () => load.count('mint', 201) >= 20 && load.count('revoke', 204) >= 6,
      )

      for (const text of await revoker.desk.mintMany(keysCount)) {
        const key = told.minted(text)
        expect(await deaf.desk.codeFor(text)).toBe('valid')
        expect(await deaf.desk.codeFor(text)).toBe('valid')
        key.askedAt = performance.now()
        const answer = await revoker.gateway.asAdmin(`/admin/keys/${idOf(text)}?receipt=true`, {
          method: 'DELETE',
        })
        key.revokedAt = performance.now()
        const receipt = await json(answer)
        expect(await deaf.desk.codeFor(text)).toBe('revoked_key')
        expect(receipt.replicas).toHaveLength(replicas.all.length)
        for (const { confirmed, ms } of receipt.replicas) {
          expect(confirmed).toBe(true)
          expect(ms).toBeLessThan(effectMsMax)
        }
      }

      await expect.poll(isListening, { timeout: noticedMsMax, message: 'the gauge' }).toBe(0)
      wire.heal()
      await replicas.healthy()
      await load.stop()
      expect(load.seen().filter(({ status }) => status === 503)).toEqual([])
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
    await expect.poll(isListening, { timeout: noticedMsMax }).toBe(1)
  })
})
