import { type Assets, Layout } from './layout.tsx'
import { type Choice, ProviderButtons } from './provider-buttons.tsx'

export type SignInPageProps = {
  assets: Assets
  requestId: string
  choices: readonly Choice[]
  whoMaySignIn: string
  /** The host that the browser goes on to; null where a key is made here. */
  returnHost: string | null
}

/** Which of several providers to sign in with. */
export function SignInPage({ assets, requestId, choices, whoMaySignIn, returnHost }: SignInPageProps) {
  return (
    <Layout title="Sign in" assets={assets} requestId={requestId}>
      <h1>Sign in</h1>
      <p class="lede">
        {returnHost ? (
          <>
            After that you go on to <strong>{returnHost}</strong>.
          </>
        ) : (
          'You leave with an API key of your own, shown once.'
        )}
      </p>
      <section class="tag" aria-label="Sign in">
        <ProviderButtons choices={choices} />
        <p class="who">{whoMaySignIn}</p>
      </section>
    </Layout>
  )
}
