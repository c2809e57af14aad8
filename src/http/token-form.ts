import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { KeydeskError } from '../domain/errors.ts'
import type { AppEnvironment } from './environment.ts'
import { readOAuthFields } from './oauth-fields.ts'
import { queryOf } from './request-reading.ts'

const parameter = (description: string) => z.string().max(8192).optional().openapi({ description })
/** What may be sent to `/v1/token`, as a form or as JSON. */
export const tokenForm = z.strictObject({
  grant_type: parameter('`client_credentials`, where it is sent at all.'),
  audience: parameter(
    'Whom the JWT is for: one of JWT_AUDIENCES. It may be left out where there is only one.',
  ),
  resource: parameter('The same as RFC 8707 names it. One of the two.'),
  scope: parameter('What it has to carry, between spaces; without it all that the key carries.'),
  client_id: parameter('The id of the key, for OAuth clients.'),
  client_secret: parameter('The key itself, for OAuth clients.'),
})
export type TokenForm = z.output<typeof tokenForm>

/** Where the form is null, its body cannot be read, and may hold a credential. Without a body the form is empty. */
export type ReadTokenForm =
  | { readonly form: TokenForm; readonly problem: null }
  | { readonly form: TokenForm | null; readonly problem: KeydeskError }

/** Reads the form, or says why there is none that counts. */
export async function readTokenForm(c: Context<AppEnvironment>): Promise<ReadTokenForm> {
  if (!hasBody(c)) {
    const problem = queryProblem(queryOf(c))
    return problem === null ? { form: {}, problem } : { form: {}, problem }
  }
  try {
    return { form: withoutEmpty(await readOAuthFields(c, tokenForm, { takesJson: true })), problem: null }
  } catch (error) {
    if (error instanceof KeydeskError) return { form: null, problem: error }
    throw error
  }
}

function hasBody(c: Context<AppEnvironment>): boolean {
  const length = c.req.header('content-length')
  if (length !== undefined) return length !== '0'
  return (c.req.header('transfer-encoding') ?? c.req.header('content-type')) !== undefined
}

function queryProblem(query: string): KeydeskError | null {
  const [name] = new URLSearchParams(query).keys()
  if (name === undefined) return null
  return new KeydeskError('invalid_request', {
    message: `This call takes no parameters in the URL, and so no ${name}. Send a form.`,
  })
}

/** What was sent without a value counts as left out (RFC 6749 §3.2). */
function withoutEmpty(form: TokenForm): TokenForm {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''))
}
