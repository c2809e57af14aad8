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
          whatToDo: advice[code],
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

const startAgain = 'Nothing was changed. You can start again whenever you like.'
const waitAndTry = 'Wait a moment and try again. If it stays, tell whoever runs Keydesk.'
const sendAKey = 'Scripts send a key as the header X-API-Key. To get a new key, sign in on the front page.'
const readTheDocs = 'Check what was sent against the documentation of Keydesk.'

/** What to do about it. A new code does not compile until somebody has thought of that. */
const advice: Record<ErrorCode, string> = {
  invalid_request: readTheDocs,
  state_invalid: startAgain,
  state_expired: startAgain,
  missing_key: sendAKey,
  invalid_key: sendAKey,
  expired_key: sendAKey,
  revoked_key: sendAKey,
  user_disabled: 'Ask an administrator of this Keydesk.',
  unauthenticated: 'This address is for administrators and their scripts.',
  insufficient_scope: 'Ask an administrator for a key with that scope.',
  forbidden: readTheDocs,
  sign_in_denied: startAgain,
  email_unverified: 'Open the account settings of your provider, verify the address, and start again.',
  not_allowed: 'If you have several accounts, start again and choose another one.',
  not_found: 'Check the address, or begin at the front page.',
  method_not_allowed: 'Begin at the front page.',
  conflict: 'An administrator can make room. Until then the keys that you have keep working.',
  too_large: readTheDocs,
  unsupported_media_type: readTheDocs,
  rate_limited: 'Wait that long, then try again. If it comes back, tell whoever runs Keydesk.',
  internal: waitAndTry,
  provider_error: 'This is usually over in a few minutes. If it stays, tell whoever runs Keydesk.',
  overloaded: waitAndTry,
  unavailable: waitAndTry,
}
