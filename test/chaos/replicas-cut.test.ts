import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Replica, type Replicas, startReplicas } from '../support/replicas.ts'
import { type Cut, startWire, type Wire } from '../support/wire.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { type Load, startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys, type ToldKey } from './told-keys.ts'
import { mintWarmKeys } from './warm-keys.ts'

const trustMs = 2000
/** For what is no guarantee but has to wait for a processor: two seconds from the commit is the rest. */
const slowMs = 1500
/** So long the server lets a transaction stand whose client has fallen silent, and the epoch locked with it. */
const lockedMs = 1500
/** After so long a silence a replica has been struck off. */
const struckOffMs = 6500
/** Kubernetes gives thirty seconds; a drain takes ten of them at most. */
const stopMsMax = 10_000
/** Just before a look is given up. */
const slowLookMs = 350
const cuts: readonly { readonly how: Cut; readonly forMs: number }[] = [
  { how: 'frozen', forMs: 5500 },
  { how: 'reset', forMs: 5500 },
  { how: 'swallowed', forMs: 8000 },
]

describe('a replica that is cut from its database while all of them mint and revoke', () => {
  let replicas: Replicas
  let warm: ToldKey[]
  const wires: Wire[] = []
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas({
      settings: async (index, databaseUrl) => {
        const wire = await startWire(Number(new URL(databaseUrl).port))
        wires[index] = wire
        return { DATABASE_URL: wire.through(databaseUrl) }
      },
    })
    warm = await mintWarmKeys(replicas, told)
  })
  afterAll(async () => {
    await replicas?.close()
    for (const wire of wires) await wire.close()
  })

  test(`refuses everything after ${trustMs} ms, holds up nobody for longer, and comes back by itself, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const [victim, wire] = [replicas.all[round % replicas.all.length]!, wires[round % wires.length]!]
      const { how, forMs } = cuts[round % cuts.length]!
      const targets = await mintWarmKeys(replicas, told)
      const load = startLoad(replicas, told, { warm, targets })
      await load.until(
        'it mints and revokes',
        () => load.count('mint', 201) >= 20 && load.count('revoke', 204) >= 10,
      )

      wire.cut(how)
      load.aim()
      const cutAt = performance.now()
      await load.until('it refuses', () => since(load, victim, cutAt).some(({ status }) => status === 503))
      await pause(forMs - (performance.now() - cutAt))
      const healedAt = performance.now()
      wire.heal()
      await replicas.healthy()
      const again = load.count('revoke', 204)
      await load.until('all of them go on', () => load.count('revoke', 204) >= again + 10)
      await load.stop()

      const late = since(load, victim, cutAt + trustMs).filter(({ answeredAt }) => answeredAt < healedAt)
      expect(late.length, how).toBeGreaterThan(5)
      expect(late.filter(({ status }) => status !== 503)).toEqual([])
      expectInTime(load, cutAt, healedAt, forMs)
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
    await expectAcknowledged(replicas, told)
  })

  test('trusts a look from when it began, and not from when the answer came', async () => {
    const [victim, peer, wire] = [replicas.all[0]!, replicas.all[1]!, wires[0]!]
    const [key] = await mintWarmKeys(replicas, told)
    const look = wire.holdAnswerTo('UPDATE replicas SET looks')
    await look.held
    // What it will hear is how things were before this.
    const revoking = peer.desk.revoke(key!.text)
    key!.askedAt = performance.now()
    await pause(slowLookMs)
    void look.release()
    wire.cut('frozen')
    expect((await revoking).status).toBe(204)
    const answer = await victim.desk.validate(key!.text)
    wire.heal()
    expect([401, 503]).toContain(answer.status)
    await replicas.healthy()
  })

  test('stops in good order though nothing comes back from its database', async () => {
    const [victim, wire] = [replicas.all[0]!, wires[0]!]
    wire.cut('frozen')
    const begunAt = performance.now()
    victim.gateway.process().signal('SIGTERM')
    const timer = setTimeout(() => victim.gateway.process().signalGroup('SIGKILL'), stopMsMax)
    const { code, signal } = await victim.gateway.process().ended
    clearTimeout(timer)
    wire.heal()
    await victim.gateway.start()
    await replicas.healthy()
    expect({ code, signal, ms: performance.now() - begunAt }).toMatchObject({ code: 0, signal: null })
  })
})

const since = (load: Load, replica: Replica, at: number) =>
  load.seen(at).filter((one) => one.replica === replica)

/** Revocations through the others wait until the silent one has lost its trust, and not at all once it is struck off. */
function expectInTime(load: Load, cutAt: number, healedAt: number, forMs: number): void {
  const tookMs = (from: number) =>
    load
      .seen(from)
      .filter(({ work, status, answeredAt }) => work === 'revoke' && status === 204 && answeredAt < healedAt)
      .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
  const silent = tookMs(cutAt + lockedMs)
  expect(silent.length).toBeGreaterThan(0)
  expect(Math.max(...silent)).toBeLessThan(trustMs + slowMs)
  if (forMs < struckOffMs) return
  const alone = tookMs(cutAt + struckOffMs)
  expect(alone.length).toBeGreaterThan(3)
  expect(Math.max(...alone)).toBeLessThan(slowMs)
}
