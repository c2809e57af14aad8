import { type Assets, Layout } from './layout.tsx'
import { Person } from './person.tsx'
import { type Choice, ProviderButtons } from './provider-buttons.tsx'
import { WhoMaySignIn } from './who-may-sign-in.tsx'

export type FrontPageProps = {
  assets: Assets
  requestId: string
  /** Empty where no provider is configured. */
  choices: readonly Choice[]
  /** Sentences, each ready to show. */
  whoMaySignIn: readonly string[]
  /** Null where nobody is signed in. */
  signedIn: { name: string | null; email: string | null } | null
}

/** The desk itself: what this is, the ways in or who is in, and what a key is for. */
export function FrontPage({ assets, requestId, choices, whoMaySignIn, signedIn }: FrontPageProps) {
  const isIn = signedIn !== null
  const isSignInOn = choices.length > 0
  return (
    <Layout title="API keys" assets={assets} requestId={requestId} signedIn={isIn} secret={isIn}>
      {signedIn ? (
        <AtTheDesk person={signedIn} canGetKey={isSignInOn} />
      ) : (
        <>
          <h1>Show your ID at the desk, get a key</h1>
          <p class="lede">
            Keydesk hands out API keys for your company’s internal services.
            {isSignInOn && ' Sign in, and you leave with a key of your own, shown once.'}
          </p>
          {isSignInOn ? <WaysIn choices={choices} whoMaySignIn={whoMaySignIn} /> : <NoWayIn />}
        </>
      )}
      <h2>What the key is for</h2>
      <p>
        Your scripts and CI jobs send it in the <code class="whole">X-API-Key</code> header, and the services
        behind Keydesk know that it is you. Treat it like a password.
      </p>
      <p>
        What can be asked of Keydesk stands in the <a href="/docs">API reference</a>.
      </p>
    </Layout>
  )
}

function WaysIn({ choices, whoMaySignIn }: Pick<FrontPageProps, 'choices' | 'whoMaySignIn'>) {
  return (
    <>
      <section class="tag" aria-label="Sign in">
        <ProviderButtons choices={choices} />
        <WhoMaySignIn sentences={whoMaySignIn} />
      </section>
      <p class="aside">
        Only here for your account? <a href="/auth/login?return_to=/account">Sign in without a new key</a>
      </p>
    </>
  )
}

function NoWayIn() {
  return (
    <section class="tag" aria-label="Sign in">
      <h2 class="eyebrow">Sign-in is off here</h2>
      <p class="who">
        No sign-in provider is set up on this Keydesk. An administrator can mint a key for you.
      </p>
    </section>
  )
}

function AtTheDesk(props: { person: { name: string | null; email: string | null }; canGetKey: boolean }) {
  return (
    <>
      <h1>You are signed in</h1>
      <section class="tag" aria-label="You">
        <Person {...props.person} />
        <div class="actions">
          {props.canGetKey && (
            <a class="button main" href="/auth/login">
              Get a new key
            </a>
          )}
          <a class="button" href="/account">
            Your account
          </a>
        </div>
      </section>
    </>
  )
}
