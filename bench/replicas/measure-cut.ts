import { setTimeout as after } from 'node:timers/promises'
import { createTimedClient } from '../../test/support/timed-client.ts'
import type { Wire } from '../../test/support/wire.ts'
import type { Server } from '../servers.ts'
import { openProber, type Probe, type Prober, warmKey } from './probe.ts'
import { revokeWatched, type WatchedRevocation } from './revoke-watched.ts'
import type { ReplicaStage } from './stage.ts'

/** A replica was cut from the database, and keys were revoked at the others. Milliseconds. */
export interface Cut {
  /** Until the last good answer of the replica that was cut. */
  readonly lastAcceptedMs: number
  /** Until its first 503. */
  readonly firstUnavailableMs: number
  /** What it answered after its first 503, while it was cut, by status. */
  readonly answersAfter: Readonly<Record<string, number>>
  /** One after the other, the first right after the cut. */
  readonly revocations: readonly (WatchedRevocation & { readonly sentMs: number })[]
  /** From the healing of the wire to the first good answer. */
  readonly recoveredMs: number
}

const recoveryMsMax = 20_000

/** Cuts the last replica from the database in such a way that it is not told: what is sent is lost. */
export async function measureCuts(
  stage: ReplicaStage,
  servers: readonly Server[],
  wire: Wire,
): Promise<Cut[]> {
  const { settings, context } = stage
  const probers = await Promise.all(servers.map(({ port }) => openProber(port, settings.probePauseMs)))
  const cuts: Cut[] = []
  const loads = servers.map((server) => stage.load(server))
  await Promise.all(loads.map(({ underway }) => underway))
  for (let round = 1; round <= settings.cuts; round += 1) {
    const cut = await measureCut(stage, servers, probers, wire)
    cuts.push(cut)
    context.say(`  cut ${round}: 503 after ${Math.round(cut.firstUnavailableMs)} ms`)
  }
  for (const load of loads) load.stop()
  await Promise.all(loads.map(({ result }) => result))
  for (const prober of probers) prober.close()
  return cuts
}

async function measureCut(
  { settings, postgres, takeKeys, warmKeys }: ReplicaStage,
  servers: readonly Server[],
  probers: readonly Prober[],
  wire: Wire,
): Promise<Cut> {
  const victim = servers.at(-1)
  const good = warmKeys[0]
  if (victim === undefined || good === undefined) throw new Error('there is nothing to cut')
  const keys = takeKeys(settings.revocationsPerCut)
  for (const { text } of keys) await warmKey(probers, text)
  const aside = await openProber(victim.port, settings.probePauseMs)
  const clients = servers.slice(0, -1).map(({ port }) => createTimedClient(port))
  const watch = aside.watch(good.text)
  // At any moment between two looks.
  await after(1000 + Math.random() * 1000)

  wire.cut('swallowed')
  const cutAt = performance.now()
  const revocations: Cut['revocations'][number][] = []
  for (const [index, key] of keys.entries()) {
    const client = clients[index % clients.length]
    if (client === undefined) throw new Error('nobody is left to revoke')
    const sentMs = performance.now() - cutAt
    const { masterKey } = postgres
    const how = { client, probers, masterKey, withReceipt: true, probeAfterMs: settings.probeAfterMs }
    revocations.push({ sentMs, ...(await revokeWatched(key, how)) })
  }

  wire.heal()
  const healedAt = performance.now()
  const recovered = await firstAccepted(watch.seen, healedAt)
  const probes = await watch.stop()
  for (const one of [aside, ...clients]) one.close()
  const whileCut = probes.filter(({ sentAt, answeredAt }) => sentAt > cutAt && answeredAt < healedAt)
  const firstUnavailable = whileCut.findIndex(({ status }) => status === 503)
  const answersAfter: Record<string, number> = {}
  for (const { status } of firstUnavailable === -1 ? [] : whileCut.slice(firstUnavailable)) {
    answersAfter[status] = (answersAfter[status] ?? 0) + 1
  }
  return {
    lastAcceptedMs: (whileCut.findLast(({ status }) => status === 200)?.answeredAt ?? cutAt) - cutAt,
    firstUnavailableMs: (whileCut[firstUnavailable]?.answeredAt ?? Number.POSITIVE_INFINITY) - cutAt,
    answersAfter,
    revocations,
    recoveredMs: recovered - healedAt,
  }
}

async function firstAccepted(seen: () => readonly Probe[], since: number): Promise<number> {
  for (;;) {
    const found = seen().find(({ status, answeredAt }) => answeredAt > since && status === 200)
    if (found !== undefined) return found.answeredAt
    if (performance.now() - since > recoveryMsMax) throw new Error('the replica did not come back')
    await after(5)
  }
}
