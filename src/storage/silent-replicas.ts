import type { Look } from './replicas.ts'

const silentMsMax = 5000

/**
 * Notices replicas that have stopped looking. Each that was killed would hold up every revocation for two seconds; what it
 * trusted has lapsed long before it is named here.
 */
export function watchSilentReplicas(ownId: string) {
  const known = new Map<string, { looks: number; sinceMs: number }>()
  return {
    /** How many announce themselves. */
    count: () => known.size,

    /** Takes in what a look has shown, and answers who has not looked for five seconds, with the count that it stands at. */
    see(looks: Look['looks']): { id: string; looks: number }[] {
      const now = performance.now()
      for (const id of known.keys()) if (!(id in looks)) known.delete(id)
      const silent: { id: string; looks: number }[] = []
      for (const [id, count] of Object.entries(looks)) {
        const before = known.get(id)
        if (before === undefined || before.looks !== count) known.set(id, { looks: count, sinceMs: now })
        else if (id !== ownId && now - before.sinceMs > silentMsMax) silent.push({ id, looks: count })
      }
      return silent
    },
  }
}
