/** Says whether what was read at some tick may have changed since. Ticks count changes as this process learns of them. */
export interface ChangeStamps {
  /** Take it before reading: what is learned of later gets a later tick. */
  tick(): number
  changed(ids: readonly string[]): void
  allChanged(): void
  changedSince(tick: number, ids: readonly string[]): boolean
}

/** `idsMax` bounds the memory; past it everything counts as changed, which costs readings and is never wrong. */
export function createChangeStamps(idsMax = 10_000): ChangeStamps {
  let tick = 1
  let allChangedAt = 0
  const changedAt = new Map<string, number>()

  return {
    tick: () => tick,

    changed(ids) {
      tick += 1
      for (const id of ids) changedAt.set(id, tick)
      if (changedAt.size > idsMax) allChanged()
    },

    allChanged,

    changedSince: (since, ids) => allChangedAt > since || ids.some((id) => (changedAt.get(id) ?? 0) > since),
  }

  function allChanged(): void {
    tick += 1
    allChangedAt = tick
    changedAt.clear()
  }
}
