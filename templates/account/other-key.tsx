import { Ago } from '../ago.tsx'
import { LastUse } from '../last-use.tsx'
import type { OwnKeyDetails } from './key-cards.tsx'

/** On the page of a key that was rotated, or was made by rotating: the other one, and who still uses the old one. */
export function OtherKey(props: {
  as: 'successor' | 'predecessor'
  /** The older of the two. */
  apiKey: OwnKeyDetails
  other: OwnKeyDetails
  now: Date
}) {
  const { as: role, apiKey, other, now } = props
  const link = (
    <a href={`/account/keys/${other.id}`}>
      <code>{other.id}</code>
    </a>
  )
  const isWorking = apiKey.status === 'retiring'
  return (
    <section class="slot" aria-label={role === 'successor' ? 'Its successor' : 'The key it replaces'}>
      <p>
        {role === 'successor' ? <>Key {link} takes its place.</> : <>It takes the place of key {link}.</>}
        {isWorking && apiKey.retiresAt && (
          <>
            {' '}
            The old one retires once the new one was used and nobody has used the old one for a day, and{' '}
            <Ago at={apiKey.retiresAt} now={now} /> at the latest.
          </>
        )}
        {!isWorking && role === 'predecessor' && ` That one is ${apiKey.status}.`}
        {role === 'successor' && other.status !== 'active' && ` That one is ${other.status}.`}
      </p>
      {isWorking && (
        <p>
          Last use of the old one: <LastUse use={apiKey} now={now} />
        </p>
      )}
    </section>
  )
}
