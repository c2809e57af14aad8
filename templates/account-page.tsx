import { Fact } from './fact.tsx'
import { Instant } from './instant.tsx'
import { type Assets, Layout } from './layout.tsx'
import { SignOutForm } from './sign-out-form.tsx'

export type AccountPageProps = {
  assets: Assets
  requestId: string
  user: { id: string; name: string | null; email: string | null; role: string; groups: readonly string[] }
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

/** What Keydesk knows of whoever is signed in, how they sign in, and where they are signed in. */
export function AccountPage({ assets, requestId, user, identities, linkable, sessions }: AccountPageProps) {
  return (
    <Layout title="Your account" assets={assets} requestId={requestId}>
      <h1>Your account</h1>
      <dl class="facts">
        <Fact term="Signed in as">
          {user.name && <span class="line">{user.name}</span>}
          {user.email && <span class="line">{user.email}</span>}
        </Fact>
        <Fact term="Role">{user.role === 'admin' ? 'Administrator' : 'Member'}</Fact>
        {user.groups.length > 0 && (
          <Fact term="Groups">
            <code>{user.groups.join(' ')}</code>
          </Fact>
        )}
        <Fact term="User id">
          <code>{user.id}</code>
        </Fact>
      </dl>
      <div class="actions">
        <a class="button main" href="/auth/login">
          Get a new key
        </a>
        <SignOutForm />
      </div>

      <h2>How you sign in</h2>
      <ul class="cards">
        {identities.map(({ provider, email, lastSignInAt }) => (
          <li>
            <strong class="line">{provider}</strong>
            <span class="line">{email}</span>
            <span class="line quiet">
              Last sign-in: <Instant at={lastSignInAt} />
            </span>
          </li>
        ))}
      </ul>
      {linkable.length > 0 && (
        <>
          <p>You can add an account at another provider. Both have to be yours, and both are checked.</p>
          {linkable.map(({ id, label }) => (
            <form method="post" action="/account/identities" class="inline">
              <input type="hidden" name="provider" value={id} />
              <button type="submit" class="button">{`Add ${label}`}</button>
            </form>
          ))}
        </>
      )}

      <h2>Where you are signed in</h2>
      <ul class="cards">
        {sessions.map(({ isThis, userAgent, address, createdAt, lastSeenAt }) => (
          <li>
            <strong class="line">{isThis ? 'This browser' : 'Another browser'}</strong>
            {userAgent && <span class="line">{userAgent}</span>}
            {address && (
              <span class="line">
                <code>{address}</code>
              </span>
            )}
            <span class="line quiet">
              Signed in: <Instant at={createdAt} />
            </span>
            <span class="line quiet">
              Last seen: <Instant at={lastSeenAt} />
            </span>
          </li>
        ))}
      </ul>
      <SignOutForm label="Sign out everywhere" everywhere />
    </Layout>
  )
}
