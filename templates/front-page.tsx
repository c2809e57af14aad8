import { type Assets, Layout } from './layout.tsx'
import { type Choice, ProviderButtons } from './provider-buttons.tsx'
import { SignOutForm } from './sign-out-form.tsx'

export type FrontPageProps = {
  assets: Assets
  requestId: string
  /** Where a key is made; empty where no provider is configured. */
  choices: readonly Choice[]
  /** One or two sentences, ready to show. */
  whoMaySignIn: string
  /** Null where nobody is signed in. */
  signedIn: { name: string | null; email: string | null } | null
}

/** The desk itself: what this is, the ways in or who is in, and what a key is for. */
export function FrontPage({ assets, requestId, choices, whoMaySignIn, signedIn }: FrontPageProps) {
  return (
    <Layout title="API keys" assets={assets} requestId={requestId}>
      <h1>Show your ID at the desk, get a key</h1>
      <p class="lede">
        Keydesk hands out API keys for your company’s internal services. Sign in, and you leave with a key of
        your own, shown once.
      </p>
      <section class="tag" aria-label={signedIn ? 'You' : 'Sign in'}>
        {signedIn && <SignedIn {...signedIn} />}
        {choices.length > 0 ? (
          <>
            <ProviderButtons choices={choices} />
            {!signedIn && <p class="who">{whoMaySignIn}</p>}
          </>
        ) : (
          <>
            <h2 class="eyebrow">Sign-in is off here</h2>
            <p class="who">
              No sign-in provider is set up on this Keydesk. An administrator can mint a key for you.
            </p>
          </>
        )}
        {!signedIn && choices.length > 0 && (
          <p class="who">
            You can also <a href="/auth/login?return_to=/account">sign in without making a key</a>.
          </p>
        )}
      </section>
      {signedIn && (
        <div class="actions">
          <a class="button" href="/account">
            Your account
          </a>
          <SignOutForm />
        </div>
      )}
      <h2>What the key is for</h2>
      <p>
        Your scripts and CI jobs send it in the <code>X-API-Key</code> header, and the services behind Keydesk
        know that it is you. Treat it like a password.
      </p>
    </Layout>
  )
}

function SignedIn({ name, email }: { name: string | null; email: string | null }) {
  return (
    <>
      <h2 class="eyebrow">Signed in</h2>
      <p class="identity">
        {name && <span class="line">{name}</span>}
        {email && <span class="line">{email}</span>}
      </p>
    </>
  )
}
