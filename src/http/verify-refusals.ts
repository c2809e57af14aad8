import { type ErrorCode, errorCodes, type KeydeskError } from '../domain/errors.ts'
import type { ForwardedRequest, ProxyName } from '../domain/forwarded-request.ts'
import { loginSearch } from '../domain/login-search.ts'
import { type Approach, returnTarget } from '../domain/navigation.ts'
import { type RateState, rateLimitHeaders } from '../domain/rate-limit.ts'
import type { ReturnOrigin } from '../domain/return-to.ts'
import type { CredentialRefusal, Exclusion, Passage } from '../services/verify-request.ts'
import type { Pages } from './pages.ts'
import { challengeOf, problemDocument } from './problem.ts'
import { refusalDetail } from './refuse-key.ts'
import { policyElsewhere } from './response-headers.ts'

/** Whom a refusal is for, and how they came. */
export interface RefusedRequest {
  readonly proxy: ProxyName
  readonly requestId: string
  readonly approach: Approach
}

export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly retryAfterSeconds?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** What a person at a browser is shown; without it they get what programs get. */
  readonly page?: {
    readonly title?: string
    readonly whatToDo?: string
    readonly signedInAs?: string | null
    readonly otherAccountAt?: string | null
  }
}

type NotHere = Extract<Passage, { outcome: 'not_here' }>

const askForAccess = 'If another account of yours may come in, use that one. Otherwise ask for access.'
const askWhoRunsIt = 'Another account would not help. Ask whoever runs this app, with the request id below.'
/** What depends on who somebody is. */
const personal: ReadonlySet<Exclusion> = new Set(['role', 'group'])
const exclusions: Readonly<Record<Exclusion, string>> = {
  unknown_host:
    'No app is known at this host. An administrator can add it under Apps, or set UNKNOWN_HOST=allow.',
  unknown_port: 'No app is known at this port of the host. An administrator can add it under Apps.',
  ambiguous_path:
    'This path can be read in more than one way, so nobody may go there. Write it plainly: no empty or dot segments, and nothing encoded that need not be.',
  no_app_for_path: 'No app is known at this path. An administrator can add it under Apps.',
  method:
    'This app does not take this kind of proof. An administrator says under Apps which it takes: a session of a browser, a key or a JWT.',
  role: 'This app is not for your role.',
  group: 'This app is for certain groups, and you are in none of those that it asks for.',
  scope:
    'This app asks for a scope that is not carried here. A session carries none: send a key that has it.',
}

/** Says every refusal in the form that the proxy understands. */
export function createVerifyRefusals(site: {
  readonly pages: Pages
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly baseUrl: string
  readonly returnOrigins: readonly ReturnOrigin[]
  readonly canSignIn: boolean
}) {
  const { pages, responseHeaders, baseUrl, canSignIn } = site
  const pageHeaders = {
    ...responseHeaders,
    'Content-Security-Policy': policyElsewhere(baseUrl),
    'Content-Type': 'text/html; charset=UTF-8',
  }
  const problemHeaders = { ...responseHeaders, 'Content-Type': 'application/problem+json' }
  return {
    answer,

    /** For who is known and may not come to this app. */
    notHere({ why, holder }: NotHere, asked: ForwardedRequest): Refusal {
      const code = why === 'scope' ? 'insufficient_scope' : 'forbidden'
      if (holder.kind === 'key') return { code, message: exclusions[why] }
      const { name, email } = holder.user
      return { code, message: exclusions[why], page: shutOutPage(asked, email ?? name, personal.has(why)) }
    },

    /** For who is signed in and shut out of everything. */
    shutOut(why: 'user_disabled' | 'owner_not_allowed', asked: ForwardedRequest): Refusal {
      const message =
        why === 'user_disabled'
          ? 'An administrator has switched this account off.'
          : 'You are signed in, but your account is not on the list of who may come in any more.'
      return { code: 'not_allowed', message, page: shutOutPage(asked, null, true) }
    },

    credential(code: CredentialRefusal): Refusal {
      if (code !== 'invalid_jwt') return { code, message: refusalDetail(code, baseUrl) }
      const message =
        'This JWT is not good here: it may have expired, be for another app, or come from a key or a session that is over.'
      return { code: 'invalid_key', message }
    },

    limited: (name: 'key' | 'failures', state: RateState, message: string): Refusal => ({
      code: 'rate_limited',
      message,
      retryAfterSeconds: state.resetSeconds,
      headers: rateLimitHeaders(name, state),
    }),

    /** For what was thrown. What is ours to mend is told to people on a page. */
    error({ code, message, retryAfterSeconds }: KeydeskError): Refusal {
      const isOurs = errorCodes[code].status === 503
      return {
        code,
        message,
        retryAfterSeconds: retryAfterSeconds ?? (isOurs ? 1 : undefined),
        page: {},
      }
    },
  }

  function shutOutPage(
    asked: ForwardedRequest,
    signedInAs: string | null,
    isPersonal: boolean,
  ): Refusal['page'] {
    const title = 'This app is not open to you'
    if (!isPersonal) return { title, whatToDo: askWhoRunsIt, signedInAs, otherAccountAt: null }
    const isRead = asked.method === 'GET' || asked.method === 'HEAD'
    const returnTo = canSignIn ? returnTarget(asked, isRead, site) : null
    const otherAccountAt = returnTo === null ? null : `${baseUrl}/auth/login${loginSearch(returnTo, true)}`
    return { title, whatToDo: askForAccess, signedInAs, otherAccountAt }
  }

  function answer({ proxy, requestId, approach }: RefusedRequest, refusal: Refusal): Response {
    const { code, message, page } = refusal
    // auth_request makes a 500 of whatever is neither 401 nor 403 (ngx_http_auth_request_module).
    const isNginx = proxy === 'nginx'
    const { status } = errorCodes[code]
    const shown: ErrorCode = isNginx && status !== 401 && status !== 403 ? 'forbidden' : code
    const headers = { ...headersOf(refusal, isNginx), 'X-Request-Id': requestId }
    if (approach === 'navigation' && page !== undefined && !isNginx) {
      const { title, whatToDo, signedInAs = null, otherAccountAt = null } = page
      const said = { code, title, message, whatToDo, requestId }
      const html = pages.problemElsewhere({ ...said, signedInAs, otherAccountAt })
      return new Response(html, { status, headers: { ...pageHeaders, ...headers } })
    }
    return new Response(JSON.stringify(problemDocument(shown, message, requestId)), {
      status: errorCodes[shown].status,
      headers: { ...problemHeaders, ...headers },
    })
  }

  function headersOf({ code, retryAfterSeconds, headers }: Refusal, isNginx: boolean) {
    const { 'Retry-After': _, ...others } = headers ?? {}
    const challenge = challengeOf(code)
    const retry = isNginx ? 'X-Auth-Retry-After' : 'Retry-After'
    return {
      ...others,
      'X-Auth-Error': code,
      ...(challenge === null ? {} : { 'WWW-Authenticate': challenge }),
      ...(retryAfterSeconds === undefined ? {} : { [retry]: String(retryAfterSeconds) }),
    }
  }
}
export type VerifyRefusals = ReturnType<typeof createVerifyRefusals>
