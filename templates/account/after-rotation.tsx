import { Ago } from '../ago.tsx'

/** What becomes of a key that was rotated. */
export function AfterRotation(props: { inPlaceOf: string; retiresAt: Date | null; now: Date }) {
  const { inPlaceOf, retiresAt, now } = props
  return (
    <>
      <h2>What happens to the old key</h2>
      <p>
        <a href={`/account/keys/${encodeURIComponent(inPlaceOf)}`}>
          <code>{inPlaceOf}</code>
        </a>{' '}
        goes on working. Put the new key in its place everywhere. Once the new one was used and nobody has
        used the old one for a day, the old one retires by itself
        {retiresAt && (
          <>
            , and <Ago at={retiresAt} now={now} /> at the latest
          </>
        )}
        . Its page shows who still uses it, and lets you retire it at once.
      </p>
    </>
  )
}
