import { z } from '@hono/zod-openapi'
import { type ErrorCode, errorCodes } from '../../domain/errors.ts'
import { oauthDocument, oauthErrors } from '../oauth-problem.ts'
import { problemDocument } from '../problem.ts'
import { wireProblem } from './answers.ts'

const wireOAuthProblem = wireProblem
  .extend({
    error: z.enum(oauthErrors).openapi({ description: 'The word of RFC 6749 §5.2, for OAuth clients.' }),
    error_description: z.string(),
  })
  .openapi('OAuthProblem')

/** The error answers of an OAuth endpoint, one for each status among `codes`: what OAuth clients read, and what ours do. */
export function oauthAnswers(...codes: ErrorCode[]) {
  const always: ErrorCode[] = ['invalid_request', 'internal', 'unavailable']
  const all = [...new Set([...codes, ...always])]
  const statuses = [...new Set(all.map((code) => errorCodes[code].status))]
  return Object.fromEntries(statuses.map((status) => [status, oauthAnswer(status, all)]))
}

function oauthAnswer(status: number, codes: readonly ErrorCode[]) {
  const shared = codes.filter((code) => errorCodes[code].status === status)
  const description = shared.map((code) => `\`${code}\`: ${errorCodes[code].title}.`).join(' ')
  const [code = 'internal'] = shared
  const example = oauthDocument(problemDocument(code, `${errorCodes[code].title}.`, 'req_7Zq0mXa2bK4dPf'))
  return { description, content: { 'application/json': { schema: wireOAuthProblem, example } } }
}

/** RFC 6749 §5.1. */
export const wireToken = z
  .object({
    access_token: z.string().openapi({ description: 'The JWT.' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().openapi({ description: 'Seconds.' }),
    scope: z.string().openapi({ description: 'What it carries, between spaces.' }),
  })
  .openapi('Token')
