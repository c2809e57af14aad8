/** One bar an hour, the oldest first. */
export type HourBars = readonly { at: Date; count: number }[]

const [barWidth, gap, height] = [10, 2, 60]

/** Bars that the server draws; what they say is also said in words, and each tells its own number on hover. */
export function HourChart({ of, hours, bad }: { of: string; hours: HourBars; bad?: boolean }) {
  const total = hours.reduce((sum, { count }) => sum + count, 0)
  const highest = hours.reduce((most, hour) => (hour.count > most.count ? hour : most), {
    at: new Date(0),
    count: 0,
  })
  if (highest.count === 0) return <p class="quiet">None in the last 24 hours.</p>
  const summary = `Most: ${inFigures(highest.count)} at ${hourText(highest.at)}.`
  const width = hours.length * barWidth - gap
  return (
    <>
      <svg
        class={bad ? 'chart bad' : 'chart'}
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${of} by the hour over the last 24 hours: ${inFigures(total)} in all. ${summary}`}
      >
        {hours.map(({ at, count }, index) => {
          // Never quite nothing where there was something.
          const barHeight = count === 0 ? 1 : Math.max(3, Math.round((count / highest.count) * height))
          return (
            <rect
              x={index * barWidth}
              y={height - barHeight}
              width={barWidth - gap}
              height={barHeight}
              opacity={count === 0 ? 0.3 : 1}
            >
              <title>{`${hourText(at)}: ${inFigures(count)}`}</title>
            </rect>
          )
        })}
      </svg>
      <p class="quiet">{summary}</p>
    </>
  )
}

/** A whole number that people can read. */
export function inFigures(count: number): string {
  return count.toLocaleString('en')
}

function hourText(at: Date): string {
  return `${at.toISOString().slice(11, 13)}:00 UTC`
}
