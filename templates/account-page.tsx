import { type AccountFrame, AccountLayout } from './account/account-layout.tsx'
import { KeyCards, type OwnKey } from './account/key-cards.tsx'
import { SessionCards, type SessionCardsProps } from './account/session-cards.tsx'
import { Ago } from './ago.tsx'
import { Fact } from './fact.tsx'
import { Form } from './form.tsx'
import { Person } from './person.tsx'
import { SignOutForm } from './sign-out-form.tsx'
import { StoppedKeys, type StoppedKeysProps } from './stopped-keys.tsx'

export type AccountPageProps = {
  frame: AccountFrame
  /** Until when the person’s keys work without another sign-in; null where that does not matter. */
  leaseUntil: Date | null
  user: { id: string; name: string | null; email: string | null; role: string; groups: readonly string[] }
  /** Whether signing in, and so getting a key, is possible here. */
  canGetKey: boolean
  identities: readonly { provider: string; email: string; lastSignInAt: Date }[]
  /** Providers by which the person is not known yet. */
  linkable: readonly { id: string; label: string }[]
  sessions: SessionCardsProps['sessions']
  /** The latest live ones, and whether there are more. */
  keys: readonly OwnKey[]
  hasMoreKeys: boolean
  /** Those of theirs, and of service accounts for which they answer, that somebody found and stopped. */
  stoppedKeys: StoppedKeysProps['keys']
  /** Whether people make keys here themselves. */
  canMakeKey: boolean
}

/** What Keydesk knows of whoever is signed in, how they sign in, and where they are signed in. */
export function AccountPage(props: AccountPageProps) {
  const { frame, leaseUntil, user, canGetKey, identities, linkable, sessions, keys, hasMoreKeys } = props
  return (
    <AccountLayout frame={frame} section="account" title="Your account">
      <StoppedKeys
        keys={props.stoppedKeys}
        newKeyHref={props.canMakeKey ? '/account/keys/new' : canGetKey ? '/auth/login' : null}
        now={frame.now}
      />
      <Person name={user.name} email={user.email} />
      <dl class="facts">
        <Fact term="Role">{user.role === 'admin' ? 'Administrator' : 'Member'}</Fact>
        {user.groups.length > 0 && (
          <Fact term="Groups">
            <code>{user.groups.join(' ')}</code>
          </Fact>
        )}
        {leaseUntil && (
          <Fact term="Your keys stop working">
            <Ago at={leaseUntil} now={frame.now} />, unless you sign in before
          </Fact>
        )}
        <Fact term="User id">
          <code>{user.id}</code>
        </Fact>
      </dl>
      <MainAction canMakeKey={props.canMakeKey} canGetKey={canGetKey} />

      <h2>Your keys</h2>
      {keys.length > 0 ? <KeyCards keys={keys} now={frame.now} /> : <p>You have no key that works.</p>}
      <p>
        <a href="/account/keys">{hasMoreKeys ? 'All your keys' : 'Your keys, and former ones'}</a>
      </p>

      <h2>How you sign in</h2>
      <ul class="cards">
        {identities.map(({ provider, email, lastSignInAt }) => (
          <li>
            <div>
              <strong class="line">{provider}</strong>
              <span class="line">{email}</span>
            </div>
            <p class="quiet">
              Last used <Ago at={lastSignInAt} now={frame.now} />
            </p>
          </li>
        ))}
      </ul>
      {linkable.length > 0 && (
        <>
          <p>You can add an account of yours at another provider. You sign in there to prove it.</p>
          <Form action="/account/identities" token={frame.token} class="actions">
            {linkable.map(({ id, label }) => (
              <button type="submit" class="button" name="provider" value={id}>
                {`Add ${label}`}
              </button>
            ))}
          </Form>
        </>
      )}

      <h2>Where you are signed in</h2>
      <SessionCards sessions={sessions} token={frame.token} now={frame.now} />
      <p>Signing out everywhere includes this browser. Your keys keep working.</p>
      <div class="actions">
        <SignOutForm everywhere />
      </div>

      <h2>What Keydesk knows about you</h2>
      <p>
        What is on this page, your keys, and an audit trail that administrators read.{' '}
        <a href="/account/data.json">Download your profile, keys and sessions as JSON</a>
      </p>
    </AccountLayout>
  )
}

function MainAction({ canMakeKey, canGetKey }: { canMakeKey: boolean; canGetKey: boolean }) {
  if (!canMakeKey && !canGetKey) return null
  return (
    <p class="leave">
      <a class="button main" href={canMakeKey ? '/account/keys/new' : '/auth/login'}>
        {canMakeKey ? 'Make a key' : 'Get a new key'}
      </a>
    </p>
  )
}
