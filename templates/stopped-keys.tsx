import { Ago } from './ago.tsx'
import { linkTarget } from './layout.tsx'

/** A key that somebody who held it has revoked. */
export type ShownStoppedKey = {
  id: string
  name: string
  /** Where more is said of it; null where whoever looks may not go there. */
  href: string | null
  /** The service account that owned it; null where the page is about the owner. */
  owner: string | null
  stoppedAt: Date
  /** From where; null where that is not known. */
  address: string | null
}

export type StoppedKeysProps = {
  /** The latest first. */
  keys: readonly ShownStoppedKey[]
  /** Where a new one is made; null where whoever looks makes none. */
  newKeyHref: string | null
  now: Date
}

const shownMax = 5

/** That keys were found by somebody who stopped them: they were no secret any more. Nothing where there is none. */
export function StoppedKeys({ keys, newKeyHref, now }: StoppedKeysProps) {
  if (keys.length === 0) return null
  const [one, those, them] = keys.length === 1 ? ['A key', 'the key', 'it'] : ['Keys', 'the keys', 'them']
  const more = keys.length - shownMax
  return (
    <section class="slot notice problem" aria-label="Keys that somebody found and stopped">
      <p>
        <strong>{`${one} got into other hands, and whoever found ${them} stopped ${them}.`}</strong>{' '}
        {`Nobody accepts ${them} any more.`}
      </p>
      {keys.slice(0, shownMax).map((key) => (
        <p>
          <Name of={key} />
          {key.owner && ` of ${key.owner}`}, stopped <Ago at={key.stoppedAt} now={now} />
          {key.address && (
            <>
              {' '}
              from <code>{key.address}</code>
            </>
          )}
        </p>
      ))}
      {more > 0 && <p>{`And ${more} more.`}</p>}
      <p>
        {`Whoever did that showed the whole text, so ${those} had leaked: look where, and take ${them} out there. `}
        {newKeyHref ? (
          <>
            Then <a href={linkTarget(newKeyHref)}>make a new key</a> for what used {them}.
          </>
        ) : (
          `Then get a new key for what used ${them}.`
        )}
      </p>
    </section>
  )
}

function Name({ of: { id, name, href } }: { of: ShownStoppedKey }) {
  return (
    <>
      {href ? (
        <a href={linkTarget(href)}>
          <strong>{name}</strong>
        </a>
      ) : (
        <strong>{name}</strong>
      )}{' '}
      <code>{id}</code>
    </>
  )
}
