import type { Context } from 'hono'
import { z } from 'zod'
import { KeydeskError } from '../domain/errors.ts'
import { isFormToken, newFormToken } from '../domain/form-token.ts'
import type { CurrentSession } from '../services/find-session.ts'
import type { AppEnvironment } from './environment.ts'
import { type Fields, gatherFields } from './gather-fields.ts'
import { requireSameOrigin } from './middleware/refuse-cross-site.ts'
import { describeIssues } from './validation-issues.ts'

/** The hidden field that every form of a signed-in page carries. */
const tokenField = 'csrf_token'

export type Forms = ReturnType<typeof createForms>

/** The forms of signed-in pages: each carries a token of its session, and is taken from a page of ours alone. */
export function createForms(options: { formKey: Uint8Array; baseUrl: string }) {
  const { formKey, baseUrl } = options
  return {
    /** For the hidden field of a page of this session. */
    tokenFor: ({ session }: CurrentSession): string => newFormToken(formKey, session.id),

    /**
     * The fields of a form that was sent. A name that comes once is a text, one that comes more often a list.
     * @throws KeydeskError `unsupported_media_type`, `forbidden` without a good token, `invalid_request` naming the field
     */
    async read<Schema extends z.ZodType>(
      c: Context<AppEnvironment>,
      { session }: CurrentSession,
      schema: Schema,
    ): Promise<z.output<Schema>> {
      requireSameOrigin(c, baseUrl)
      const { [tokenField]: token, ...fields } = await readFields(c.req.raw)
      if (typeof token !== 'string' || !isFormToken(token, formKey, session.id)) {
        throw new KeydeskError('forbidden', {
          message:
            'This form is out of date: it was made before you signed in, or by another page. Open the page again.',
        })
      }
      c.set('typed', textsOf(fields))
      const parsed = schema.safeParse(fields)
      if (parsed.success) return parsed.data
      throw new KeydeskError('invalid_request', { message: describeIssues(parsed.error.issues) })
    },
  }
}

async function readFields(request: Request): Promise<Fields> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    throw new KeydeskError('unsupported_media_type', { message: 'Send the form of the page.' })
  }
  return gatherFields(new URLSearchParams(await request.text()))
}

/** What can be put into fields again; of check boxes the values between spaces. */
function textsOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.join(' '),
    ]),
  )
}

/** A field of check boxes: none, one or several of the same name. */
export function several<Schema extends z.ZodType>(list: Schema) {
  return z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), list)
}

/** A field of words between spaces or commas, such as scopes. */
export function words<Schema extends z.ZodType>(list: Schema) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter((word) => word !== '') : value),
    list,
  )
}

/** A field that may be left empty, which is null. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === undefined || value === '' ? null : value), schema.nullable())
}
