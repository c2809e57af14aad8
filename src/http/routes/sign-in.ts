import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { withAuthCode } from '../../domain/auth-code.ts'
import { isCodeChallenge } from '../../domain/code-challenge.ts'
import { KeydeskError } from '../../domain/errors.ts'
import { parseReturnTo, type ReturnOrigin } from '../../domain/return-to.ts'
import { attemptCookieName } from '../../domain/sign-in-attempt.ts'
import { stateNonce } from '../../domain/signed-state.ts'
import type { Access } from '../../services/access-policies.ts'
import type { FinishSignIn } from '../../services/finish-sign-in.ts'
import type { IssueAuthCode } from '../../services/issue-auth-code.ts'
import { attemptCookies } from '../attempt-cookies.ts'
import type { AppEnvironment } from '../environment.ts'
import type { Pages } from '../pages.ts'
import { noProvider, type SendToProvider } from '../send-to-provider.ts'
import type { SessionCookies } from '../session-cookies.ts'
import type { WhoMaySignIn } from '../who-may-sign-in.ts'
import { pageAnswer, problemAnswers } from '../wire/answers.ts'

const loginQuery = z.strictObject({
  return_to: z.string().optional().openapi({
    description:
      'Where to go on to: a path here, or a URL at one of RETURN_TO_ORIGINS. Signs in and mints no key.',
  }),
  code_challenge: z
    .string()
    .refine(
      isCodeChallenge,
      'is not a challenge of PKCE: SHA-256 of the verifier in base64url, 43 characters',
    )
    .optional()
    .openapi({
      description:
        'PKCE (RFC 7636): `return_to`, at another origin, comes back with a one-time `auth_code` for `POST /auth/exchange`.',
    }),
  code_challenge_method: z.literal('S256').optional(),
  choose_account: z.literal('true').optional().openapi({
    description:
      'Lets the person choose an account, where the provider is Google or announces `select_account`.',
  }),
})
type LoginQuery = z.output<typeof loginQuery>
/** Where a sign-in goes on to, and for which app there is to be a one-time code. */
interface Onward {
  readonly returnTo: URL | null
  readonly codeChallenge?: string | undefined
}
const providerParameter = z.object({ provider: z.string() })
const loginAnswers = {
  302: { description: 'To the sign-in provider.' },
  ...problemAnswers('not_found', 'provider_error', 'method_not_allowed', 'rate_limited'),
}

const login = createRoute({
  method: 'get',
  path: '/auth/login',
  summary: 'Begin to sign in: at the one provider, or with a page of them',
  request: { query: loginQuery },
  responses: { 200: pageAnswer('Which provider to sign in with.'), ...loginAnswers },
})

const loginAt = createRoute({
  method: 'get',
  path: '/auth/login/{provider}',
  summary: 'Begin to sign in at a provider',
  request: { params: providerParameter, query: loginQuery },
  responses: loginAnswers,
})

// Not strict: providers add parameters of their own (scope, session_state, authuser, hd).
const callbackQuery = z.object({
  state: z.string().max(200).optional(),
  code: z.string().max(4000).optional(),
  error: z.string().max(200).optional(),
  iss: z.string().max(2000).optional(),
})
const callbackAnswers = {
  200: pageAnswer('The new key, shown this once.'),
  303: { description: 'Signed in: on to where the sign-in was begun for.' },
  ...problemAnswers(
    'state_invalid',
    'state_expired',
    'sign_in_denied',
    'email_unverified',
    'not_allowed',
    'not_found',
    'method_not_allowed',
    'conflict',
    'rate_limited',
    'provider_error',
  ),
}

const callback = createRoute({
  method: 'get',
  path: '/auth/callback',
  summary: 'Finish to sign in with Google: the redirect URI of its OAuth client',
  request: { query: callbackQuery },
  responses: callbackAnswers,
})

const callbackFrom = createRoute({
  method: 'get',
  path: '/auth/callback/{provider}',
  summary: 'Finish to sign in with another provider: the redirect URI of its OAuth client',
  request: { params: providerParameter, query: callbackQuery },
  responses: callbackAnswers,
})

/** The one whose redirect URI has no name in it. */
const unnamedProvider = 'google'

export function signInRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    providers: readonly { readonly id: string }[]
    sendToProvider: SendToProvider
    finishSignIn: FinishSignIn
    issueAuthCode: IssueAuthCode
    access: Access
    whoMaySignIn: WhoMaySignIn
    pages: Pages
    sessionCookies: SessionCookies
    baseUrl: string
    returnOrigins: readonly ReturnOrigin[]
  },
): void {
  const { providers, sendToProvider, finishSignIn, issueAuthCode, access, whoMaySignIn } = dependencies
  const { pages, sessionCookies, baseUrl, returnOrigins } = dependencies

  app.openapi(login, async (c) => {
    refuseSpeculation(c)
    const query = c.req.valid('query')
    const onward = readOnward(query)
    const [only, ...others] = providers
    if (only !== undefined && others.length === 0) return begin(c, only.id, query)
    const who = whoMaySignIn(await access.fresh())
    return c.html(pages.signIn(who, onward, query.choose_account === 'true', c.get('requestId')), 200)
  })

  app.openapi(loginAt, async (c) => {
    refuseSpeculation(c)
    return begin(c, c.req.valid('param').provider, c.req.valid('query'))
  })

  app.openapi(callback, (c) => finish(c, unnamedProvider, c.req.valid('query')))
  app.openapi(callbackFrom, (c) => {
    const { provider } = c.req.valid('param')
    if (provider === unnamedProvider || !providers.some(({ id }) => id === provider)) throw noProvider()
    return finish(c, provider, c.req.valid('query'))
  })

  async function begin(c: Context<AppEnvironment>, providerId: string, query: LoginQuery) {
    const { returnTo, codeChallenge } = readOnward(query)
    const asked = codeChallenge === undefined ? {} : { codeChallenge }
    const { url } = await sendToProvider(
      c,
      providerId,
      returnTo === null ? { kind: 'key' } : { kind: 'session', returnTo: returnTo.href, ...asked },
      query.choose_account === 'true',
    )
    return c.redirect(url.href, 302)
  }

  async function finish(
    c: Context<AppEnvironment>,
    providerId: string,
    query: z.output<typeof callbackQuery>,
  ) {
    refuseSpeculation(c)
    const { state, code, error, iss } = query
    // Whatever comes of it, an attempt that was answered is over: its cookie goes with every answer but 400 for a
    // state that names none.
    const nonce = state === undefined ? null : stateNonce(state)
    const cookies = attemptCookies.shown(c)
    if (nonce !== null && cookies.has(attemptCookieName(nonce)))
      attemptCookies.drop(c, attemptCookieName(nonce))
    const finished = await finishSignIn(
      { providerId, state, code, error, iss, cookie: (name) => cookies.get(name) },
      sessionCookies.shown(c),
      c.get('origin'),
    )
    if (finished.kind === 'key') return c.html(pages.key(finished, c.get('requestId')), 200)
    if (finished.kind === 'linked') return c.redirect('/account', 303)
    sessionCookies.set(c, finished.secret, finished.appSecret)
    // Judged again: the settings may have changed since the sign-in was begun.
    const returnTo = parseReturnTo(finished.returnTo, baseUrl, returnOrigins)
    if (returnTo === null) return c.redirect('/', 303)
    const { codeChallenge, session } = finished
    if (codeChallenge === null) return c.redirect(returnTo.href, 303)
    const { origin } = returnTo
    const authCode = await issueAuthCode({ sessionId: session.id, origin, codeChallenge })
    return c.redirect(withAuthCode(returnTo, authCode).href, 303)
  }

  /** @throws KeydeskError `invalid_request` */
  function readOnward(query: LoginQuery): Onward {
    const returnTo = readReturnTo(query.return_to)
    const { code_challenge: codeChallenge, code_challenge_method: method } = query
    if (codeChallenge === undefined && method === undefined) return { returnTo }
    if (codeChallenge === undefined || method === undefined) {
      throw new KeydeskError('invalid_request', {
        message: 'code_challenge and code_challenge_method=S256 go together: send both, or neither.',
      })
    }
    if (returnTo === null || returnTo.origin === baseUrl) {
      throw new KeydeskError('invalid_request', {
        message: 'code_challenge is for an app at another origin: send it with the return_to of the app.',
      })
    }
    return { returnTo, codeChallenge }
  }

  /** @throws KeydeskError `invalid_request` */
  function readReturnTo(text: string | undefined): URL | null {
    if (text === undefined) return null
    const returnTo = parseReturnTo(text, baseUrl, returnOrigins)
    if (returnTo !== null) return returnTo
    throw new KeydeskError('invalid_request', {
      message:
        'return_to is not a place to go on to from here: a path of this site, or a URL at one of the origins that an administrator has set.',
    })
  }
}

/** HEAD, prefetching and prerendering are nobody's wish to sign in: they start nothing and finish nothing. */
function refuseSpeculation(c: Context): void {
  const purpose = c.req.header('sec-purpose') ?? c.req.header('purpose') ?? c.req.header('x-moz') ?? ''
  if (c.req.method === 'HEAD' || /prefetch|prerender/i.test(purpose)) {
    c.header('Allow', 'GET')
    throw new KeydeskError('method_not_allowed', {
      message: 'Signing in wants a visit: GET, and no prefetching.',
    })
  }
}
