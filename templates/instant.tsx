/** A date that people can read, in UTC; the exact one is in the markup and on hover. */
export function Instant({ at }: { at: Date }) {
  const day = at.toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' })
  const iso = at.toISOString()
  return (
    <time datetime={iso} title={iso}>
      {day}, <span class="whole">{iso.slice(11, 16)} UTC</span>
    </time>
  )
}
