import type { Child } from 'hono/jsx'
import { SignOutForm } from './sign-out-form.tsx'

/** Addresses of the one style sheet and the one script, as the server publishes them. */
export type Assets = { css: string; js: string }

export type LayoutProps = {
  title: string
  assets: Assets
  requestId?: string
  /** A path that replaces this page's own in the address bar and history, so that `code` and `state` leave both. */
  clearAddress?: string
  /** The page is for one person's eyes: the script blanks it when it is left, and loads it anew on the way back. */
  secret?: boolean
  /**
   * Somebody is signed in, who can sign out here. Forms under `no-referrer` say `Origin: null` (Fetch §3.1), as a page of
   * another site would, so such pages tell our own origin, and no other, where a request comes from.
   */
  signedIn?: boolean
  /** Pages of signed-in people lead to each other; the console is for admins, and wide. */
  place?: 'account' | 'console' | 'reference'
  /** Whether the way to the console is shown. */
  isAdmin?: boolean
  /** Where the browser goes by itself. */
  refreshTo?: string
  /** Our origin, on a page that is shown under another: nothing of it is relative then, and it has no script. */
  site?: string
  children: Child
}

/** The frame of every page. Nothing inline: the CSP allows style and script from our own origin only. */
export function Layout(props: LayoutProps) {
  const { title, assets, requestId, clearAddress, secret, signedIn, place, isAdmin, refreshTo, children } =
    props
  const site = props.site ?? ''
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta name="referrer" content={signedIn ? 'same-origin' : 'no-referrer'} />
        {refreshTo && <meta http-equiv="refresh" content={`0; url=${refreshTo}`} />}
        <title>{`${title} · Keydesk`}</title>
        <link rel="icon" href={`${site}/assets/favicon.svg`} type="image/svg+xml" />
        <link rel="stylesheet" href={assets.css} />
        {site === '' && <script type="module" src={assets.js} />}
      </head>
      <body class={place === 'console' || place === 'reference' ? 'wide' : undefined}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="desk">
          <a class="brand" href={`${site}/`}>
            <Mark />
            Keydesk
          </a>
          {signedIn && (
            <div class="ways">
              {place === 'console' && <a href="/account">Your account</a>}
              {place !== 'console' && isAdmin && <a href="/console">Console</a>}
              <SignOutForm />
            </div>
          )}
        </header>
        <main
          id="main"
          tabindex={-1}
          data-clear-address={clearAddress}
          data-secret={secret ? 'true' : undefined}
        >
          {children}
        </main>
        <footer class="desk">
          <span>Keydesk</span>
          {place === 'console' && <a href="/docs">API reference</a>}
          {requestId && (
            <span>
              Request <code>{requestId}</code>
            </span>
          )}
        </footer>
        <p class="unseen" role="status" data-copy-status="" />
      </body>
    </html>
  )
}

/** The whole document as text, doctype first. For pages without async components, which is all of ours. */
export function renderPage(element: { toString(): string | Promise<string> }): string {
  return `<!doctype html>${element.toString()}`
}

/** Only a path of ours or a web address becomes a link; anything else (`javascript:`, `data:`, `//host`) becomes `/`. */
export function linkTarget(href: string): string {
  return /^(\/(?![/\\])|https?:\/\/)[^\s\\]*$/i.test(href) ? href : '/'
}

/** A quiet button that the script reveals: without JavaScript it would do nothing, so it stays hidden. */
export function CopyButton({ of, label, main }: { of: string; label: string; main?: boolean }) {
  return (
    <button type="button" class={main ? 'button main' : 'button'} data-copy={`#${of}`} hidden>
      {label}
    </button>
  )
}

/** A key tag: a rounded rectangle with a hole. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 20" width="32" height="20" aria-hidden="true" focusable="false">
      <path
        fill="currentColor"
        fill-rule="evenodd"
        d="M6 0h20a6 6 0 0 1 6 6v8a6 6 0 0 1-6 6H6a6 6 0 0 1-6-6V6a6 6 0 0 1 6-6Zm2.5 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z"
      />
    </svg>
  )
}
