import { Fact } from './fact.tsx'
import { Instant } from './instant.tsx'
import { type Assets, CopyButton, Layout, linkTarget } from './layout.tsx'

export type KeyPageProps = {
  assets: Assets
  requestId: string
  /** The whole key, which no other answer holds. */
  keyText: string
  /** Not `key`: JSX keeps that name for itself. */
  apiKey: { id: string; name: string; scopes: string[]; expiresAt: Date | null; createdAt: Date }
  /** Until when it works without another sign-in; null where that does not matter. */
  leaseUntil: Date | null
  owner: { name: string | null; email: string }
  /** The gateway's public origin, without a trailing slash. */
  baseUrl: string
  envVariable: string
  afterUrl: string
}

/** Shows a new key, this once. */
export function KeyPage(props: KeyPageProps) {
  const { assets, requestId, keyText, apiKey, leaseUntil, owner, baseUrl, envVariable, afterUrl } = props
  return (
    <Layout title="Your API key" assets={assets} requestId={requestId} clearAddress="/" secret>
      <h1>Your API key</h1>
      <p class="lede">
        <strong>This key will not be shown again. Copy it now.</strong>
      </p>
      <section class="tag" aria-label="Key tag">
        <label class="eyebrow" for="key-text">
          API key
        </label>
        <output class="key" id="key-text" tabindex={0} data-holds-key="">
          {keyText}
        </output>
        <CopyButton of="key-text" label="Copy key" main />
      </section>
      <dl class="facts">
        <Fact term="Name">{apiKey.name}</Fact>
        <Fact term="Owner">
          {owner.name && <span class="line">{owner.name}</span>}
          <span class="line">{owner.email}</span>
        </Fact>
        <Fact term="Expires">{apiKey.expiresAt ? <Instant at={apiKey.expiresAt} /> : 'Never expires'}</Fact>
        {leaseUntil && (
          <Fact term="Works until">
            <Instant at={leaseUntil} />, and longer each time you sign in
          </Fact>
        )}
        <Fact term="Issued">
          <Instant at={apiKey.createdAt} />
        </Fact>
        <Fact term="Key id">
          <code>{apiKey.id}</code>
        </Fact>
        {apiKey.scopes.length > 0 && (
          <Fact term="Scopes">
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

      <h2>If you lose it</h2>
      <p>Nobody can look it up again: Keydesk keeps no copy. Sign in again for a new one.</p>
      <p>
        The lost key keeps working until it is revoked. Ask an administrator to revoke it, and name it by its
        key id, <code>{apiKey.id}</code>. The id is not a secret.
      </p>
      <p class="leave">
        <a class="button" href={linkTarget(afterUrl)}>
          Done
        </a>
      </p>
    </Layout>
  )
}

function Snippet({ id, text, copy }: { id: string; text: string; copy: string }) {
  return (
    <div class="snippet">
      <pre>
        <code id={id} data-holds-key="">
          {text}
        </code>
      </pre>
      <CopyButton of={id} label={copy} />
    </div>
  )
}
