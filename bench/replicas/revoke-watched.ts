import { setTimeout as after } from 'node:timers/promises'
import type { TimedClient } from '../../test/support/timed-client.ts'
import type { SeedKey } from '../seed.ts'
import type { Probe, Prober } from './probe.ts'

/** One revocation, and how each replica answered to its key meanwhile. Milliseconds from when the DELETE was sent. */
export interface WatchedRevocation {
  readonly acknowledgedMs: number
  /** Until the first 401, wherever: by then it was committed. A 503 says nothing of the key. */
  readonly firstRefusedMs: number
  /**
   * Until the last replica refused: when the first request was sent to it that came after the last one that it accepted.
   * The true moment is a little earlier, by as much as lies between two requests.
   */
  readonly refusedEverywhereMs: number
  /** With `receipt=true`, milliseconds from the commit until each replica had confirmed; null where it had not. */
  readonly confirmedMs: readonly (number | null)[] | null
  /** Sent after the acknowledgement. */
  readonly askedAfter: number
  /** Of those: accepted. There must be none. */
  readonly acceptedAfter: number
  /** How many answers of each status there were. */
  readonly statuses: Readonly<Record<string, number>>
}

const isAccepted = ({ status }: Probe) => status === 200

/** Revokes a key while every replica is asked about it all the time. Each of them must know the key already. */
export async function revokeWatched(
  key: SeedKey,
  how: {
    client: TimedClient
    masterKey: string
    probers: readonly Prober[]
    withReceipt: boolean
    probeAfterMs: number
  },
): Promise<WatchedRevocation> {
  const { client, masterKey, probers, withReceipt, probeAfterMs } = how
  const watches = probers.map((prober) => prober.watch(key.text))
  // Not always at the same moment of whatever else goes round.
  await after(10 + Math.random() * 20)
  const reply = await client.send(`/admin/keys/${key.id}${withReceipt ? '?receipt=true' : ''}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${masterKey}` },
  })
  // Sent the moment it is known; the others are on their way or about to be sent.
  const atOnce = probers.map((prober) => prober.askOnce(key.text))
  if (reply.status !== (withReceipt ? 200 : 204)) {
    throw new Error(`a revocation was answered with ${reply.status} ${reply.failure} ${reply.code}`)
  }
  await after(probeAfterMs)
  const seen = await Promise.all(watches.map((watch) => watch.stop()))
  const single = await Promise.all(atOnce)
  const all = [...seen.flat(), ...single]
  const late = all.filter(({ sentAt }) => sentAt > reply.answeredAt)
  const since = (at: number) => at - reply.sentAt
  return {
    acknowledgedMs: since(reply.answeredAt),
    firstRefusedMs: since(
      Math.min(...all.filter(({ status }) => status === 401).map(({ answeredAt }) => answeredAt)),
    ),
    refusedEverywhereMs: since(
      Math.max(
        ...seen.map((probes, index) => refusedFrom(single[index] ? [...probes, single[index]] : probes)),
      ),
    ),
    confirmedMs: withReceipt
      ? (reply.body.replicas as { confirmed: boolean; ms: number }[]).map(({ confirmed, ms }) =>
          confirmed ? ms : null,
        )
      : null,
    askedAfter: late.length,
    acceptedAfter: late.filter(isAccepted).length,
    statuses: countStatuses(all),
  }
}

/** When the first request was sent after which a replica accepted nothing. Infinity: it never refused. */
export function refusedFrom(probes: readonly Probe[]): number {
  const inOrder = [...probes].sort((one, other) => one.sentAt - other.sentAt)
  return inOrder[inOrder.findLastIndex(isAccepted) + 1]?.sentAt ?? Number.POSITIVE_INFINITY
}

function countStatuses(probes: readonly Probe[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of probes) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
