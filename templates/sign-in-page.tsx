import { type Assets, Layout } from './layout.tsx'
import { type Choice, ProviderButtons } from './provider-buttons.tsx'
import { WhoMaySignIn } from './who-may-sign-in.tsx'

export type SignInPageProps = {
  assets: Assets
  requestId: string
  choices: readonly Choice[]
  whoMaySignIn: readonly string[]
  /** What the sign-in is for: a new key, Keydesk's own pages, or another site, named by its host. */
  purpose: 'key' | 'desk' | { host: string }
}

/** Which of several providers to sign in with. */
export function SignInPage({ assets, requestId, choices, whoMaySignIn, purpose }: SignInPageProps) {
  return (
    <Layout title="Sign in" assets={assets} requestId={requestId}>
      <h1>Sign in</h1>
      <p class="lede">
        {purpose === 'key' && 'You leave with an API key of your own, shown once.'}
        {purpose === 'desk' && 'You sign in to Keydesk itself. No key is made.'}
        {typeof purpose === 'object' && (
          <>
            After that you go on to <strong>{purpose.host}</strong>. No key is made.
          </>
        )}
      </p>
      <section class="tag" aria-label="Ways to sign in">
        <ProviderButtons choices={choices} />
        <WhoMaySignIn sentences={whoMaySignIn} />
      </section>
    </Layout>
  )
}
