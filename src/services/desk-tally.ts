import type { DeskStat } from '../storage/desk-counts.ts'

type Counted = Pick<DeskStat, 'hour' | 'outcome' | 'count'>

/** Counts of the whole desk, by hour and outcome, that are not written yet. */
export function createDeskTally() {
  const counts = new Map<number, Map<string, number>>()
  return {
    /** Costs two look-ups: it is called for every text that is no key. */
    add(hourMs: number, outcome: string, times: number): void {
      let ofHour = counts.get(hourMs)
      if (ofHour === undefined) {
        ofHour = new Map()
        counts.set(hourMs, ofHour)
      }
      ofHour.set(outcome, (ofHour.get(outcome) ?? 0) + times)
    },

    addAll(stats: readonly Counted[]): void {
      for (const { hour, outcome, count } of stats) this.add(hour.getTime(), outcome, count)
    },

    get isEmpty(): boolean {
      return counts.size === 0
    },

    /** All of them, which are not in it any more, in one order for every replica: two that write wait for each other once. */
    take(): DeskStat[] {
      const taken = [...counts].flatMap(([hourMs, ofHour]) =>
        [...ofHour].map(([outcome, count]) => ({ hour: new Date(hourMs), outcome, count })),
      )
      counts.clear()
      return taken.sort((a, b) => a.hour.getTime() - b.hour.getTime() || (a.outcome < b.outcome ? -1 : 1))
    },
  }
}
