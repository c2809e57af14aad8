import { type Assets, CopyButton, Layout, linkTarget } from './layout.tsx'

export type ProblemPageProps = {
  assets: Assets
  requestId: string
  status: number
  code: string
  title: string
  whatHappened: string
  whatToDo: string
  /** How to reach whoever can help; shown where a person needs somebody's help. */
  contact?: string
  action?: { href: string; label: string }
  /** Given where the address holds `code` and `state`: the path that takes its place. */
  clearAddress?: string
  /** The browser holds a session, even if it opens nothing. */
  signedIn?: boolean
  /** Who is signed in, where that is the matter: a name or an address. */
  signedInAs?: string
  /** Our origin, where the page is shown under that of an app. */
  site?: string
}

/** What went wrong, what to do about it, and the id that lets an operator find it. */
export function ProblemPage(props: ProblemPageProps) {
  const {
    assets,
    requestId,
    status,
    code,
    title,
    whatHappened,
    whatToDo,
    contact,
    action,
    clearAddress,
    signedIn,
    signedInAs,
    site,
  } = props
  return (
    <Layout title={title} assets={assets} clearAddress={clearAddress} signedIn={signedIn} site={site}>
      <h1>{title}</h1>
      <p class="lede">{whatHappened}</p>
      {signedInAs && (
        <p>
          You are signed in as <strong>{signedInAs}</strong>.
        </p>
      )}
      <p>{whatToDo}</p>
      {contact && (
        <p>
          Whom to ask: <Contact text={contact} />
        </p>
      )}
      {action && (
        <p class="leave">
          <a class="button main" href={linkTarget(action.href)}>
            {action.label}
          </a>
        </p>
      )}
      <section class="slip" aria-labelledby="request-label">
        <h2 class="eyebrow" id="request-label">
          Request id
        </h2>
        <p class="request">
          <code id="request-id">{requestId}</code>
          <CopyButton of="request-id" label="Copy id" />
        </p>
        <p class="quiet">
          Give this id to whoever runs Keydesk. The error was{' '}
          <code>
            {status} {code}
          </code>
          .
        </p>
      </section>
    </Layout>
  )
}

/** An address or a link becomes one; anything else is shown as it is. */
function Contact({ text }: { text: string }) {
  if (/^[^\s@:/?#]+@[^\s@:/?#]+$/.test(text)) return <a href={`mailto:${text}`}>{text}</a>
  return /^https:\/\/\S+$/.test(text) ? <a href={linkTarget(text)}>{text}</a> : <strong>{text}</strong>
}
