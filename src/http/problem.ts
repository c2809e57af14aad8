import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type ErrorCode, errorCodes, KeydeskError } from '../domain/errors.ts'
import type { AppEnvironment } from './environment.ts'
import type { Pages } from './pages.ts'

export type AnswerProblem = (error: unknown, c: Context<AppEnvironment>) => Response

/** Answers every error: a page for people, RFC 9457 problem+json for machines. The cause goes to the log alone. */
export function createAnswerProblem(pages: Pages): AnswerProblem {
  return function answerProblem(error: unknown, c: Context<AppEnvironment>): Response {
    const known = toKeydeskError(error)
    const { status } = errorCodes[known.code]
    const requestId = c.get('requestId') ?? 'unknown'
    logProblem(c, known, status)
    const challenge = challengeOf(known.code)
    if (challenge !== null) c.header('WWW-Authenticate', challenge)
    if (known.retryAfterSeconds !== undefined) c.header('Retry-After', String(known.retryAfterSeconds))
    if (wantsPage(c.req.header('accept'))) {
      const page = pages.problem({
        code: known.code,
        message: known.message,
        requestId,
        path: c.req.path,
        startAgainAt: known.startAgainAt,
      })
      return c.html(page, status)
    }
    const body = problemDocument(known.code, known.message, requestId)
    return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json' })
  }
}

/** The body of an error answer (RFC 9457 §3). */
export function problemDocument(code: ErrorCode, detail: string, requestId: string) {
  const { status, title } = errorCodes[code]
  return { type: `urn:keydesk:error:${code}`, title, status, detail, code, request_id: requestId }
}

/** The challenge of RFC 6750 §3: every 401 carries one, and so does a missing scope. Null for all else. */
export function challengeOf(code: ErrorCode): string | null {
  if (errorCodes[code].status !== 401 && code !== 'insufficient_scope') return null
  const realm = 'Bearer realm="keydesk"'
  if (code === 'missing_key' || code === 'unauthenticated') return realm
  return `${realm}, error="${code === 'insufficient_scope' ? 'insufficient_scope' : 'invalid_token'}"`
}

/** What was thrown, as what may be answered. */
export function toKeydeskError(error: unknown): KeydeskError {
  if (error instanceof KeydeskError) return error
  // The OpenAPI layer throws these for bodies that are not JSON.
  if (error instanceof HTTPException && error.status === 400) {
    return new KeydeskError('invalid_request', { message: 'The body is not valid JSON.' })
  }
  return new KeydeskError('internal', {
    message: 'Keydesk failed to answer. Try again; if it stays, give the request id to whoever runs Keydesk.',
    cause: error,
  })
}

/** HTML only where it is asked for. */
export function wantsPage(accept: string | undefined): boolean {
  return accept?.includes('text/html') ?? false
}

function logProblem(c: Context<AppEnvironment>, error: KeydeskError, status: number): void {
  const { code, reason, provider } = error
  const fields = { code, reason, provider, cause: describeCause(error.cause) }
  const log = c.get('log')
  if (status >= 500) log?.error(fields, 'request failed')
  // People sign in a few times a day, and whoever runs Keydesk is asked why they could not.
  else if (reason !== undefined && c.req.path.startsWith('/auth/')) log?.info(fields, 'sign-in refused')
  else log?.debug(fields, 'request refused')
}

/** Name and message of an error and of what is behind it; never its other members, which may hold tokens or rows. */
export function describeCause(cause: unknown): string | undefined {
  if (cause === undefined) return undefined
  if (!(cause instanceof Error)) return 'not an Error'
  const code = 'code' in cause && typeof cause.code === 'string' ? ` [${cause.code}]` : ''
  const behind = cause.cause === undefined ? '' : `; behind it ${describeCause(cause.cause)}`
  const place = cause instanceof KeydeskError ? '' : ` ${cause.stack?.split('\n')[1]?.trim() ?? ''}`
  return `${cause.name}${code}: ${cause.message}${place}${behind}`
}
