import { type Assets, Layout, linkTarget } from './layout.tsx'

export type OnwardPageProps = {
  assets: Assets
  requestId: string
  provider: string
  /** The authorization request at the provider. */
  url: string
}

/** Sends the browser on to a provider after a form: the CSP lets forms end at our own origin only. */
export function OnwardPage({ assets, requestId, provider, url }: OnwardPageProps) {
  const href = linkTarget(url)
  return (
    <Layout title={`On to ${provider}`} assets={assets} requestId={requestId} refreshTo={href} signedIn>
      <h1>{`On to ${provider}`}</h1>
      <p class="lede">Sign in there with the account that you want to add, and you come back here.</p>
      <p class="leave">
        <a class="button main" href={href}>
          {`Go on to ${provider}`}
        </a>
      </p>
    </Layout>
  )
}
