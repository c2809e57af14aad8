const daySeconds = 86_400
/** Each with its length and from how many seconds on it is used: days for as long as people count in them. */
const units = [
  ['year', 365 * daySeconds, 2 * 365 * daySeconds],
  ['month', 30 * daySeconds, 100 * daySeconds],
  ['day', daySeconds, daySeconds],
  ['hour', 3600, 3600],
  ['minute', 60, 60],
] as const
// Always a number: "next month" and "tomorrow" are said of up to twice as long.
const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** How long ago something was, or how soon it will be; the exact time is in the markup and on hover. */
export function Ago({ at, now }: { at: Date; now: Date }) {
  const iso = at.toISOString()
  return (
    <time datetime={iso} title={`${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`}>
      {inWords((at.getTime() - now.getTime()) / 1000)}
    </time>
  )
}

function inWords(seconds: number): string {
  const [unit, length] = units.find(([, , fromSeconds]) => Math.abs(seconds) >= fromSeconds) ?? []
  if (unit === undefined || length === undefined) return seconds > 0 ? 'in a moment' : 'just now'
  return words.format(Math.round(seconds / length), unit)
}
