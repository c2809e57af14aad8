import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import { KeydeskError } from '../../domain/errors.ts'
import { attemptCookieName, isAttemptCookie } from '../../domain/sign-in-attempt.ts'
import { stateNonce } from '../../domain/signed-state.ts'
import type { BeginSignIn } from '../../services/begin-sign-in.ts'
import type { FinishSignIn } from '../../services/finish-sign-in.ts'
import type { AppEnvironment } from '../environment.ts'
import type { Pages } from '../pages.ts'
import { pageAnswer, problemAnswers } from '../wire/answers.ts'

/** `__Host-` wants exactly this: Secure, Path=/, no Domain. Lax, because the provider sends the browser back to us. */
const cookieOptions: CookieOptions = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' }

const login = createRoute({
  method: 'get',
  path: '/auth/login',
  summary: 'Begin to sign in',
  request: { query: z.strictObject({}) },
  responses: {
    302: { description: 'To the sign-in provider.' },
    ...problemAnswers('not_found', 'provider_error', 'method_not_allowed'),
  },
})

const callback = createRoute({
  method: 'get',
  path: '/auth/callback',
  summary: 'Finish to sign in: the redirect URI of the OAuth client',
  request: {
    // Not strict: providers add parameters of their own (scope, session_state, authuser, hd).
    query: z.object({
      state: z.string().max(200).optional(),
      code: z.string().max(4000).optional(),
      error: z.string().max(200).optional(),
      iss: z.string().max(2000).optional(),
    }),
  },
  responses: {
    200: pageAnswer('The new key, shown this once.'),
    ...problemAnswers(
      'state_invalid',
      'state_expired',
      'sign_in_denied',
      'email_unverified',
      'not_allowed',
      'conflict',
      'provider_error',
    ),
  },
})

export function signInRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    beginSignIn: BeginSignIn
    finishSignIn: FinishSignIn
    pages: Pages
    stateTtlSeconds: number
  },
): void {
  const { beginSignIn, finishSignIn, pages, stateTtlSeconds } = dependencies

  app.openapi(login, async (c) => {
    refuseSpeculation(c)
    const shown = Object.entries(getCookie(c)).filter(([name]) => isAttemptCookie(name))
    const { url, cookie, cookiesToDrop } = await beginSignIn(shown.map(([name, value]) => ({ name, value })))
    for (const name of cookiesToDrop) dropCookie(c, name)
    setCookie(c, cookie.name, cookie.value, { ...cookieOptions, maxAge: stateTtlSeconds })
    return c.redirect(url.href, 302)
  })

  app.openapi(callback, async (c) => {
    refuseSpeculation(c)
    const query = c.req.valid('query')
    const cookies = getCookie(c)
    // Whatever comes of it, an attempt that was answered is over: its cookie goes with every answer but 400 for a
    // state that names none.
    const nonce = query.state === undefined ? null : stateNonce(query.state)
    const cookieName = nonce === null ? null : attemptCookieName(nonce)
    if (cookieName !== null && cookies[cookieName] !== undefined) dropCookie(c, cookieName)
    const signedIn = await finishSignIn(
      {
        state: query.state,
        code: query.code,
        error: query.error,
        iss: query.iss,
        cookie: (name) => cookies[name],
      },
      c.get('origin'),
    )
    return c.html(pages.key(signedIn, c.get('requestId')), 200)
  })
}

function dropCookie(c: Context, name: string): void {
  setCookie(c, name, '', { ...cookieOptions, maxAge: 0 })
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
