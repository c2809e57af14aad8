import type { Context } from 'hono'
import { z } from 'zod'
import { KeydeskError } from '../domain/errors.ts'
import type { AppEnvironment } from './environment.ts'
import { type Fields, gatherFields } from './gather-fields.ts'
import { queryOf } from './request-reading.ts'
import { describeIssues } from './validation-issues.ts'

const form = 'application/x-www-form-urlencoded'
const json = 'application/json'
/** Shorter than every secret of ours. */
const nameMax = 24
const noQuery = z.strictObject({})

/**
 * The parameters of an OAuth endpoint: a form (RFC 6749 §3.2), or, where that is taken, the same names as JSON. Each comes
 * once, none that is unknown, and none in the URL. What is sent may be a secret: no error repeats it.
 * @throws KeydeskError `unsupported_media_type`, `invalid_request`
 */
export async function readOAuthFields<Schema extends z.ZodType>(
  c: Context<AppEnvironment>,
  schema: Schema,
  options: { takesJson?: boolean } = {},
): Promise<z.output<Schema>> {
  const { takesJson = false } = options
  parse(noQuery, gatherFields(new URLSearchParams(queryOf(c))))
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== form && !(takesJson && type === json)) {
    const types = takesJson ? `${form}, or ${json}` : form
    throw new KeydeskError('unsupported_media_type', {
      message: `Send the parameters with the header Content-Type: ${types}.`,
    })
  }
  const text = await c.req.text()
  return parse(schema, type === form ? gatherFields(new URLSearchParams(text)) : readJson(text))
}

function parse<Schema extends z.ZodType>(schema: Schema, fields: Fields): z.output<Schema> {
  const parsed = schema.safeParse(fields)
  if (parsed.success) return parsed.data
  throw new KeydeskError('invalid_request', {
    message: describeIssues(parsed.error.issues.map(withoutSecrets)),
  })
}

/** A secret that is sent without its name in front is a name itself, to a parser of forms. */
function withoutSecrets(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'unrecognized_keys' || issue.keys.every((name) => name.length <= nameMax)) return issue
  return { ...issue, message: 'Unrecognized parameter, whose name is not repeated here: it may be a secret' }
}

function readJson(text: string): Fields {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeydeskError('invalid_request', { message: 'The body is not valid JSON.' })
  }
}
