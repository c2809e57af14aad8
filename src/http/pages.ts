import { FrontPage } from '../../templates/front-page.tsx'
import { KeyPage } from '../../templates/key-page.tsx'
import { type Assets, renderPage } from '../../templates/layout.tsx'
import { ProblemPage } from '../../templates/problem-page.tsx'
import { type ErrorCode, errorCodes } from '../domain/errors.ts'
import type { SignedIn } from '../services/mint-sso-key.ts'

export type Pages = ReturnType<typeof createPages>

/** The pages as text. What they say is decided here; how they look is decided in `templates/`. */
export function createPages(site: {
  assets: Assets
  baseUrl: string
  providerLabel: string | null
  whoMaySignIn: string
}) {
  const { assets, baseUrl, providerLabel, whoMaySignIn } = site
  const signIn =
    providerLabel === null ? null : { href: '/auth/login', label: `Sign in with ${providerLabel}` }
  return {
    front: (requestId: string): string => renderPage(FrontPage({ assets, requestId, signIn, whoMaySignIn })),

    key: ({ user, key, keyText }: SignedIn, requestId: string): string =>
      renderPage(
        KeyPage({
          assets,
          requestId,
          keyText,
          apiKey: key,
          owner: { name: user.name, email: user.email ?? '' },
          baseUrl,
          envVariable: 'KEYDESK_API_KEY',
          afterUrl: '/',
        }),
      ),

    problem: (problem: { code: ErrorCode; message: string; requestId: string; path: string }): string => {
      const { code, message, requestId, path } = problem
      const { status, title } = errorCodes[code]
      const offersSignIn = path.startsWith('/auth/') && signIn !== null && code !== 'conflict'
      return renderPage(
        ProblemPage({
          assets,
          requestId,
          status,
          code,
          title,
          whatHappened: message,
          whatToDo: adviceFor(code),
          action: offersSignIn
            ? { href: '/auth/login', label: 'Start again' }
            : { href: '/', label: 'Front page' },
          // `code` and `state` leave the address bar on every page that a callback can end on.
          ...(path === '/auth/callback' ? { clearAddress: '/' } : {}),
        }),
      )
    },
  }
}

function adviceFor(code: ErrorCode): string {
  switch (code) {
    case 'state_invalid':
    case 'state_expired':
    case 'sign_in_denied':
      return 'Nothing was changed. You can start again whenever you like.'
    case 'email_unverified':
      return 'Open the account settings of your provider, verify the address, and start again.'
    case 'not_allowed':
      return 'If you have several accounts, start again and choose another one.'
    case 'conflict':
      return 'An administrator can make room. Until then the keys that you have keep working.'
    case 'missing_key':
    case 'invalid_key':
    case 'expired_key':
    case 'revoked_key':
      return 'Scripts send a key as the header X-API-Key. To get a new key, sign in on the front page.'
    case 'provider_error':
      return 'This is usually over in a few minutes. If it stays, tell whoever runs Keydesk.'
    case 'overloaded':
    case 'unavailable':
    case 'internal':
      return 'Wait a moment and try again. If it stays, tell whoever runs Keydesk.'
    case 'not_found':
      return 'Check the address, or begin at the front page.'
    default:
      return 'Check what was sent against the documentation of Keydesk.'
  }
}
