import { describeUserAgent } from './describe-user-agent.ts'
import { Fact } from './fact.tsx'
import { Instant } from './instant.tsx'
import { type Assets, Layout } from './layout.tsx'
import { Person } from './person.tsx'
import { SignOutForm } from './sign-out-form.tsx'

export type AccountPageProps = {
  assets: Assets
  requestId: string
  /** Until when the person’s keys work without another sign-in; null where that does not matter. */
  leaseUntil: Date | null
  user: { id: string; name: string | null; email: string | null; role: string; groups: readonly string[] }
  /** Whether signing in, and so getting a key, is possible here. */
  canGetKey: boolean
  identities: readonly { provider: string; email: string; lastSignInAt: Date }[]
  /** Providers by which the person is not known yet. */
  linkable: readonly { id: string; label: string }[]
  sessions: readonly {
    isThis: boolean
    userAgent: string | null
    address: string | null
    createdAt: Date
    lastSeenAt: Date
  }[]
}

/** As many as people read. */
const sessionsMax = 20

/** What Keydesk knows of whoever is signed in, how they sign in, and where they are signed in. */
export function AccountPage(props: AccountPageProps) {
  const { assets, requestId, leaseUntil, user, canGetKey, identities, linkable, sessions } = props
  const listed = sessions.toSorted((a, b) => Number(b.isThis) - Number(a.isThis)).slice(0, sessionsMax)
  return (
    <Layout title="Your account" assets={assets} requestId={requestId} signedIn secret>
      <h1>Your account</h1>
      <Person name={user.name} email={user.email} />
      <dl class="facts">
        <Fact term="Role">{user.role === 'admin' ? 'Administrator' : 'Member'}</Fact>
        {user.groups.length > 0 && (
          <Fact term="Groups">
            <code>{user.groups.join(' ')}</code>
          </Fact>
        )}
        {leaseUntil && (
          <Fact term="Your keys work until">
            <Instant at={leaseUntil} />, and longer each time you sign in
          </Fact>
        )}
        <Fact term="User id">
          <code>{user.id}</code>
        </Fact>
      </dl>
      {canGetKey && (
        <p class="leave">
          <a class="button main" href="/auth/login">
            Get a new key
          </a>
        </p>
      )}

      <h2>How you sign in</h2>
      <ul class="cards">
        {identities.map(({ provider, email, lastSignInAt }) => (
          <li>
            <div>
              <strong class="line">{provider}</strong>
              <span class="line">{email}</span>
            </div>
            <p class="quiet">
              Last used <Instant at={lastSignInAt} />
            </p>
          </li>
        ))}
      </ul>
      {linkable.length > 0 && (
        <>
          <p>You can add an account of yours at another provider. You sign in there to prove it.</p>
          <form method="post" action="/account/identities" class="actions">
            {linkable.map(({ id, label }) => (
              <button type="submit" class="button" name="provider" value={id}>
                {`Add ${label}`}
              </button>
            ))}
          </form>
        </>
      )}

      <h2>Where you are signed in</h2>
      <ul class="cards">
        {listed.map(({ isThis, userAgent, address, createdAt, lastSeenAt }) => (
          <li>
            <div>
              <strong class="line">{userAgent ? describeUserAgent(userAgent) : 'Unknown browser'}</strong>
              {isThis && <span class="line here">This browser</span>}
              {address && <code class="line">{address}</code>}
            </div>
            <p class="quiet">
              <span class="line">
                Signed in <Instant at={createdAt} />
              </span>
              <span class="line">
                Last seen <Instant at={lastSeenAt} />
              </span>
            </p>
          </li>
        ))}
      </ul>
      {sessions.length > listed.length && <p>{`And ${sessions.length - listed.length} more.`}</p>}
      <p>Signing out everywhere includes this browser. Your keys keep working.</p>
      <div class="actions">
        <SignOutForm everywhere />
      </div>
    </Layout>
  )
}
