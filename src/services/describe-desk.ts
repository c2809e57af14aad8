import type { AuditRow } from '../storage/audit.ts'
import type { DeskStat } from '../storage/desk-counts.ts'
import type { Storage } from '../storage/storage.ts'
import type { CountUnusedKeys } from './count-unused-keys.ts'

export type DescribeDesk = ReturnType<typeof createDescribeDesk>

/** What came of verifications within one hour, which begins at `at`. */
export interface DeskHour {
  readonly at: Date
  readonly valid: number
  readonly refused: number
}

const msPerHour = 3_600_000
const hoursShown = 24
const expiringDays = 14
const expiringMax = 5
const refusalsMax = 10

/** Says how the desk stands: who and what there is, what came of the last day, and what is worth a look. */
export function createDescribeDesk(dependencies: {
  storage: Storage
  countUnusedKeys: CountUnusedKeys
  now: () => Date
}) {
  const { storage, countUnusedKeys, now } = dependencies
  const { deskCounts } = storage

  /** @throws KeydeskError `unavailable` */
  return async function describeDesk() {
    const at = now()
    const firstHourMs = (Math.floor(at.getTime() / msPerHour) - hoursShown + 1) * msPerHour
    const expiringBefore = new Date(at.getTime() + expiringDays * 86_400_000)
    const expiring = await deskCounts.expiringKeys(at, expiringBefore, expiringMax + 1)
    const stats = await deskCounts.statsSince(new Date(firstHourMs))
    return {
      people: await deskCounts.countActive('person'),
      serviceAccounts: await deskCounts.countActive('service'),
      unanswered: await storage.users.serviceAccountsWithoutResponsible(),
      liveKeys: await storage.keys.countLive(at),
      hours: hoursOf(stats, firstHourMs),
      refusals: refusalsOf(stats),
      expiring: expiring.slice(0, expiringMax),
      expiringBefore,
      hasMoreExpiring: expiring.length > expiringMax,
      unused: await countUnusedKeys(),
      refusedKeys: await deskCounts.latestRefusals(refusalsMax),
      turnedAway: await turnedAway(),
    }
  }

  /** The latest refused sign-ins and calls of the admin API, newest first. */
  async function turnedAway(): Promise<AuditRow[]> {
    const signIns = await storage.audit.find({ action: 'sign_in.refused', limit: refusalsMax })
    const calls = await storage.audit.find({ action: 'admin.refused', limit: refusalsMax })
    return [...signIns, ...calls].sort((a, b) => b.event.seq - a.event.seq).slice(0, refusalsMax)
  }
}

function hoursOf(stats: readonly DeskStat[], firstHourMs: number): DeskHour[] {
  return Array.from({ length: hoursShown }, (_, index) => {
    const atMs = firstHourMs + index * msPerHour
    const ofHour = stats.filter(({ hour }) => hour.getTime() === atMs)
    const valid = sum(ofHour.filter(({ outcome }) => outcome === 'valid'))
    return { at: new Date(atMs), valid, refused: sum(ofHour) - valid }
  })
}

/** How many of each reason, the most first. */
function refusalsOf(stats: readonly DeskStat[]): { reason: string; count: number }[] {
  const reasons = [...new Set(stats.map(({ outcome }) => outcome))].filter((outcome) => outcome !== 'valid')
  return reasons
    .map((reason) => ({ reason, count: sum(stats.filter(({ outcome }) => outcome === reason)) }))
    .sort((a, b) => b.count - a.count)
}

function sum(stats: readonly DeskStat[]): number {
  return stats.reduce((total, { count }) => total + count, 0)
}
