import type { MiddlewareHandler } from 'hono'
import { type ErrorCode, errorCodes, KeydeskError } from '../domain/errors.ts'
import type { AppEnvironment } from './environment.ts'
import { problemDocument, toKeydeskError } from './problem.ts'

/** The words that OAuth has for what went wrong (RFC 6749 §5.2, RFC 7009 §2.2.1, RFC 8707 §2, RFC 6750 §3.1). */
export const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_token_type',
  'invalid_scope',
  'invalid_target',
  'insufficient_scope',
  'temporarily_unavailable',
  'server_error',
] as const
export type OAuthErrorWord = (typeof oauthErrors)[number]

/** An error of a request whose OAuth word says more than the code does. */
export class OAuthError extends KeydeskError {
  readonly error: OAuthErrorWord
  constructor(error: OAuthErrorWord, options: { message: string; code?: ErrorCode }) {
    super(options.code ?? 'invalid_request', { message: options.message })
    this.error = error
  }
}

type Problem = ReturnType<typeof problemDocument>

/** The problem document of RFC 9457 with the members of RFC 6749 §5.2: whoever knows either can read it. */
export function oauthDocument(problem: Problem, error = oauthErrorOf(problem.code)) {
  return { error, error_description: describable(problem.detail), ...problem }
}

/**
 * Answers every error of an OAuth endpoint as a JSON document that holds both: whoever calls one is a machine, whatever it
 * accepts. The status and the headers stay as they are.
 */
export function answerOAuthProblems(): MiddlewareHandler<AppEnvironment> {
  return async function answerOAuthProblemsMiddleware(c, next) {
    await next()
    const problem = c.error === undefined ? await problemOf(c.res) : documentOf(c.error, c.get('requestId'))
    if (problem === null) return
    const word = c.error instanceof OAuthError ? c.error.error : undefined
    const { status } = c.res
    c.res = Response.json(oauthDocument(problem, word), { status })
    // RFC 6749 §5.2: a client that tried by Basic is told that Basic is known here.
    if (status === 401 && /^basic /i.test(c.req.header('authorization') ?? ''))
      c.res.headers.append('WWW-Authenticate', 'Basic realm="keydesk", charset="UTF-8"')
  }
}

function documentOf(error: Error, requestId: string): Problem {
  const { code, message } = toKeydeskError(error)
  return problemDocument(code, message, requestId)
}

/** What a handler has answered itself without throwing. */
async function problemOf(response: Response): Promise<Problem | null> {
  if (response.headers.get('content-type') !== 'application/problem+json') return null
  // Guarantee: whoever writes this type writes it by `problemDocument`.
  return (await response.clone().json()) as Problem
}

function oauthErrorOf(code: ErrorCode): OAuthErrorWord {
  const { status } = errorCodes[code]
  if (code === 'insufficient_scope') return 'insufficient_scope'
  if (status === 401) return 'invalid_client'
  if (status === 403) return 'unauthorized_client'
  if (status === 429 || status === 503) return 'temporarily_unavailable'
  return status >= 500 ? 'server_error' : 'invalid_request'
}

/** RFC 6749 §5.2 lets a description have no quotes, no backslashes and nothing outside of ASCII. */
function describable(text: string): string {
  return text
    .replaceAll(/["“”’]/g, "'")
    .replaceAll('…', '...')
    .replaceAll(/[^ -~]|\\/g, '?')
}
