import { FrontPage } from '../../templates/front-page.tsx'
import { KeyPage } from '../../templates/key-page.tsx'
import { type Assets, renderPage } from '../../templates/layout.tsx'
import { OnwardPage } from '../../templates/onward-page.tsx'
import { ProblemPage } from '../../templates/problem-page.tsx'
import type { Choice } from '../../templates/provider-buttons.tsx'
import { SignInPage } from '../../templates/sign-in-page.tsx'
import { type ErrorCode, errorCodes } from '../domain/errors.ts'
import { leaseUntil } from '../domain/lease.ts'
import { loginSearch } from '../domain/login-search.ts'
import type { CurrentSession } from '../services/find-session.ts'
import type { SignedIn } from '../services/mint-sso-key.ts'
import { advice, needsSomebody } from './advice.ts'

export type Pages = ReturnType<typeof createPages>

/** What pages need to know of a provider. */
interface NamedProvider {
  readonly id: string
  readonly label: string
}

interface Problem {
  readonly code: ErrorCode
  readonly message: string
  readonly requestId: string
  readonly path: string
  /** Where what failed can be begun anew. */
  readonly startAgainAt?: string | undefined
}

interface ProblemElsewhere extends Pick<Problem, 'code' | 'message' | 'requestId'> {
  /** Both where they are not what the code says. */
  readonly title: string | undefined
  readonly whatToDo: string | undefined
  /** Null where nobody is, or it is not told. */
  readonly signedInAs: string | null
  /** Where to sign in as somebody else; null where that would not help. */
  readonly otherAccountAt: string | null
}

/** The pages as text. What they say is decided here; how they look is decided in `templates/`. */
export function createPages(site: {
  assets: Assets
  baseUrl: string
  /** Empty where sign-in is off. */
  providers: readonly NamedProvider[]
  contact: string | undefined
  /** How long keys work after a sign-in; null where that does not matter. */
  leaseSeconds: number | null
}) {
  const { assets, baseUrl, providers, contact, leaseSeconds } = site
  return {
    front: (whoMaySignIn: readonly string[], current: CurrentSession | null, requestId: string): string => {
      const signedIn = current === null ? null : { name: current.user.name, email: current.user.email }
      return renderPage(FrontPage({ assets, requestId, choices: waysIn(null), whoMaySignIn, signedIn }))
    },

    /** `returnTo` is a URL that has been judged, and so is the challenge. */
    signIn: (
      whoMaySignIn: readonly string[],
      { returnTo, codeChallenge }: { returnTo: URL | null; codeChallenge?: string | undefined },
      choosesAccount: boolean,
      requestId: string,
    ): string => {
      const purpose = returnTo === null ? 'key' : placeOf(returnTo)
      return renderPage(
        SignInPage({
          assets,
          requestId,
          choices: waysIn(returnTo, choosesAccount, codeChallenge),
          whoMaySignIn,
          purpose,
        }),
      )
    },

    key: ({ user, key, keyText }: SignedIn, requestId: string): string =>
      renderPage(
        KeyPage({
          assets,
          requestId,
          keyText,
          apiKey: key,
          leaseUntil: leaseFrom(key.createdAt),
          owner: { name: user.name, email: user.email ?? '' },
          made: 'sign-in',
          baseUrl,
          envVariable: 'KEYDESK_API_KEY',
          afterUrl: '/',
        }),
      ),

    onward: (provider: NamedProvider, url: URL, requestId: string): string =>
      renderPage(OnwardPage({ assets, requestId, provider: provider.label, url: url.href })),

    /** A refusal that a proxy shows under the host of an app: everything in it leads here. */
    problemElsewhere: (problem: ProblemElsewhere): string => {
      const { code, message, whatToDo, requestId, signedInAs, otherAccountAt } = problem
      const { status, title } = errorCodes[code]
      return renderPage(
        ProblemPage({
          assets: { css: `${baseUrl}${assets.css}`, js: '' },
          site: baseUrl,
          requestId,
          status,
          code,
          title: problem.title ?? title,
          whatHappened: message,
          whatToDo: whatToDo ?? advice[code],
          ...(contact === undefined || status >= 500 ? {} : { contact }),
          ...(signedInAs === null ? {} : { signedInAs }),
          ...(otherAccountAt === null
            ? {}
            : { action: { href: otherAccountAt, label: 'Use another account' } }),
        }),
      )
    },

    problem: (problem: Problem): string => {
      const { code, message, requestId, path, startAgainAt } = problem
      const { status } = errorCodes[code]
      const isLinking = path.startsWith('/auth/') && startAgainAt === '/account'
      return renderPage(
        ProblemPage({
          assets,
          requestId,
          status,
          code,
          title: isLinking ? 'This account was not added' : titleOf(code, path),
          whatHappened: message,
          whatToDo: advice[code],
          ...(contact !== undefined && needsSomebody.has(code) ? { contact } : {}),
          action: isLinking ? { href: '/account', label: 'Your account' } : wayOn(code, path, startAgainAt),
          signedIn: isLinking || (isOfAccount(path) && (shutsOut.has(code) || startAgainAt !== undefined)),
          // `code` and `state` leave the address bar on every page that a callback can end on.
          ...(path.startsWith('/auth/callback') ? { clearAddress: '/' } : {}),
        }),
      )
    },
  }

  /** The sign-in that made a key was the latest of its owner. */
  function leaseFrom(signedInAt: Date): Date | null {
    return leaseUntil({ kind: 'person', identities: [{ lastSignInAt: signedInAt }] }, leaseSeconds)
  }

  function waysIn(returnTo: URL | null, choosesAccount = false, codeChallenge?: string): Choice[] {
    const search = loginSearch(returnTo?.href ?? null, choosesAccount, codeChallenge)
    const isOnly = providers.length === 1
    return providers.map(({ id, label }) => ({
      href: `/auth/login${isOnly ? '' : `/${id}`}${search}`,
      label: `Sign in with ${label}`,
    }))
  }

  function placeOf(returnTo: URL): 'desk' | { host: string } {
    return returnTo.origin === baseUrl ? 'desk' : { host: returnTo.host }
  }

  /** The one thing that helps most on a problem page. */
  function wayOn(code: ErrorCode, path: string, startAgainAt: string | undefined): Choice {
    const canSignIn = providers.length > 0
    if (isOfAccount(path) && startAgainAt !== undefined) return { href: startAgainAt, label: 'Sign in again' }
    if (canSignIn && isOfAccount(path) && (code === 'unauthenticated' || shutsOut.has(code))) {
      const label = code === 'unauthenticated' ? 'Sign in' : 'Choose another account'
      return { href: `/auth/login${loginSearch('/account', code !== 'unauthenticated')}`, label }
    }
    if (canSignIn && path.startsWith('/auth/') && code !== 'conflict') {
      const label = code === 'not_allowed' ? 'Choose another account' : 'Start again'
      return { href: startAgainAt ?? '/auth/login', label }
    }
    return { href: '/', label: 'Front page' }
  }
}

/** Whoever shows a session is known, and may not come in all the same. */
const shutsOut: ReadonlySet<ErrorCode> = new Set(['user_disabled', 'owner_not_allowed'])

/** Pages that a session opens. */
function isOfAccount(path: string): boolean {
  return /^\/(account|console)(\/|$)/.test(path)
}

/** The title of a code, in the words of somebody who signs in where they do. */
function titleOf(code: ErrorCode, path: string): string {
  const isSignIn = code === 'not_allowed' && path.startsWith('/auth/')
  return isSignIn ? 'This account may not sign in here' : errorCodes[code].title
}
