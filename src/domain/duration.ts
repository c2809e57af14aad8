const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A duration such as `30d`, `12h`, `10m`, `45s` in seconds, or null. Zero, signs and fractions are refused. */
export function parseDuration(text: string): number | null {
  const [, amount, unit] = /^([1-9][0-9]{0,8})([smhd])$/.exec(text) ?? []
  const factor = unit === undefined ? undefined : unitSeconds[unit]
  if (amount === undefined || factor === undefined) return null
  const seconds = Number(amount) * factor
  // A hundred years: past that a date computed from it stops meaning anything.
  return seconds <= 100 * 365 * 86_400 ? seconds : null
}
