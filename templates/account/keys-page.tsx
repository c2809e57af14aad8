import { Pager, withQuery } from '../data-table.tsx'
import { type AccountFrame, AccountLayout } from './account-layout.tsx'
import { KeyCards, type OwnKey } from './key-cards.tsx'

const shows = [
  { id: 'live', label: 'Live' },
  { id: 'expired', label: 'Expired' },
  { id: 'revoked', label: 'Revoked' },
] as const
type Show = (typeof shows)[number]['id']

export type KeysPageProps = {
  frame: AccountFrame
  show: Show
  keys: readonly OwnKey[]
  /** Where this page of the list begins; empty at its beginning. */
  cursor: string
  next: string | null
  /** Whether people make keys here, and whether they can get one by signing in. */
  canMakeKey: boolean
  canSignIn: boolean
}

/** The keys of whoever is signed in, live ones first. */
export function KeysPage(props: KeysPageProps) {
  const { frame, show, keys, cursor, next, canMakeKey, canSignIn } = props
  const path = '/account/keys'
  return (
    <AccountLayout frame={frame} section="keys" title="Your keys">
      {canMakeKey && (
        <p class="leave">
          <a class="button main" href="/account/keys/new">
            Make a key
          </a>
        </p>
      )}
      {canSignIn && (
        <p class={canMakeKey ? 'aside' : 'leave'}>
          {canMakeKey && 'Or sign in once more, and you leave with one: '}
          <a class={canMakeKey ? undefined : 'button main'} href="/auth/login">
            {canMakeKey ? 'get a key by signing in' : 'Get a new key'}
          </a>
        </p>
      )}
      <h2>{`${shows.find(({ id }) => id === show)?.label} keys`}</h2>
      <p>
        {shows
          .filter(({ id }) => id !== show)
          .map(({ id, label }, index) => (
            <>
              {index > 0 && ' · '}
              <a href={withQuery(path, { show: id === 'live' ? '' : id })}>{`${label} keys`}</a>
            </>
          ))}
      </p>
      {keys.length > 0 ? (
        <KeyCards keys={keys} now={frame.now} />
      ) : (
        <div class="empty">
          <Nothing show={show} canMakeKey={canMakeKey} />
        </div>
      )}
      <Pager
        path={path}
        query={{ show: show === 'live' ? '' : show, ...(cursor === '' ? {} : { cursor }) }}
        next={next}
      />
    </AccountLayout>
  )
}

function Nothing({ show, canMakeKey }: { show: Show; canMakeKey: boolean }) {
  if (show !== 'live')
    return <p>{`None of your keys ${show === 'expired' ? 'has expired' : 'was revoked'}.`}</p>
  return (
    <p>
      You have no key that works.{' '}
      {canMakeKey
        ? 'Make one for each script or job, so that you can revoke one without the others.'
        : 'An administrator can make one for you.'}
    </p>
  )
}
