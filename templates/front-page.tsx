import { type Assets, Layout, linkTarget } from './layout.tsx'

export type FrontPageProps = {
  assets: Assets
  requestId: string
  /** Null where no provider is configured. */
  signIn: { href: string; label: string } | null
  /** One or two sentences, ready to show. */
  whoMaySignIn: string
}

/** The desk itself: what this is, the one way in, and who may take it. */
export function FrontPage({ assets, requestId, signIn, whoMaySignIn }: FrontPageProps) {
  return (
    <Layout title="API keys" assets={assets} requestId={requestId}>
      <h1>Show your ID at the desk, get a key</h1>
      <p class="lede">
        Keydesk hands out API keys for your company’s internal services. Sign in, and you leave with a key of
        your own, shown once.
      </p>
      <section class="tag" aria-label="Sign in">
        {signIn ? (
          <>
            <a class="button main" href={linkTarget(signIn.href)}>
              {signIn.label}
            </a>
            <p class="who">{whoMaySignIn}</p>
          </>
        ) : (
          <>
            <h2 class="eyebrow">Sign-in is off here</h2>
            <p class="who">
              No sign-in provider is set up on this Keydesk. An administrator can mint a key for you.
            </p>
          </>
        )}
      </section>
      <h2>What the key is for</h2>
      <p>
        Your scripts and CI jobs send it in the <code>X-API-Key</code> header, and the services behind Keydesk
        know that it is you. Treat it like a password.
      </p>
    </Layout>
  )
}
