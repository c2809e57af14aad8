import { AfterRotation } from './account/after-rotation.tsx'
import { Ago } from './ago.tsx'
import { Fact } from './fact.tsx'
import { KeyTag } from './key-tag.tsx'
import { type Assets, Layout, linkTarget } from './layout.tsx'
import { Snippet } from './snippet.tsx'

export type KeyPageProps = {
  assets: Assets
  requestId: string
  /** The whole key, which no other answer holds. */
  keyText: string
  /** Not `key`: JSX keeps that name for itself. */
  apiKey: { id: string; name: string; scopes: readonly string[]; expiresAt: Date | null; createdAt: Date }
  /** Until when it works without another sign-in; null where that does not matter. */
  leaseUntil: Date | null
  owner: { name: string | null; email: string }
  /** How it came to be: by signing in, on the account page, or in the place of an older key of the account page. */
  made: 'sign-in' | 'account' | { inPlaceOf: string; retiresAt: Date | null }
  isAdmin?: boolean
  /** The gateway's public origin, without a trailing slash. */
  baseUrl: string
  envVariable: string
  afterUrl: string
}

/** Shows a new key, this once. */
export function KeyPage(props: KeyPageProps) {
  const { assets, requestId, keyText, apiKey, leaseUntil, owner, made, isAdmin, baseUrl } = props
  const { envVariable, afterUrl } = props
  // It has just been made.
  const now = apiKey.createdAt
  const title = typeof made === 'object' ? 'Your new API key' : 'Your API key'
  const way =
    made === 'sign-in'
      ? { clearAddress: '/' }
      : { signedIn: true, place: 'account' as const, isAdmin: isAdmin ?? false }
  return (
    <Layout title={title} assets={assets} requestId={requestId} secret {...way}>
      <h1>{title}</h1>
      <KeyTag keyText={keyText} />
      <dl class="facts">
        <Fact term="Name">{apiKey.name}</Fact>
        <Fact term="Owner">
          {owner.name && <span class="line">{owner.name}</span>}
          <span class="line">{owner.email}</span>
        </Fact>
        <Fact term="Expires">
          {apiKey.expiresAt ? <Ago at={apiKey.expiresAt} now={now} /> : 'Never expires'}
        </Fact>
        {leaseUntil && (
          <Fact term="Stops working">
            <Ago at={leaseUntil} now={now} />, unless you sign in before
          </Fact>
        )}
        <Fact term="Made">
          <Ago at={apiKey.createdAt} now={now} />
        </Fact>
        <Fact term="Key id">
          <code>{apiKey.id}</code>
        </Fact>
        {apiKey.scopes.length > 0 && (
          <Fact term="Scopes" long={apiKey.scopes.length > 2}>
            <code>{apiKey.scopes.join(' ')}</code>
          </Fact>
        )}
      </dl>

      <h2>Try it</h2>
      <p>
        Run this in a terminal. The answer begins with <code>{'{"valid":true'}</code>.
      </p>
      <Snippet
        id="curl-line"
        copy="Copy command"
        text={`curl -H 'X-API-Key: ${keyText}' ${baseUrl}/v1/validate`}
      />

      <h2>Keep it in your environment</h2>
      <p>
        Put this line in your <code>.env</code> file, and keep that file out of version control.
      </p>
      <Snippet id="env-line" copy="Copy line" text={`${envVariable}=${keyText}`} />

      {typeof made === 'object' && <AfterRotation {...made} now={now} />}
      <h2>If you lose it</h2>
      <p>
        Nobody can look it up again: Keydesk keeps no copy.{' '}
        {made === 'sign-in' ? 'Sign in again for a new one.' : 'Make another one.'}
      </p>
      <p>
        The lost key keeps working until it is revoked.{' '}
        <a href={`/account/keys/${encodeURIComponent(apiKey.id)}`}>Revoke it on your account page</a>, or ask
        an administrator and name it by its key id, <code>{apiKey.id}</code>. The id is not a secret.
      </p>
      <p class="leave">
        <a class="button" href={linkTarget(afterUrl)}>
          Done
        </a>
      </p>
    </Layout>
  )
}
