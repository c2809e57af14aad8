import type { Context } from 'hono'
import type { z } from 'zod'
import { KeydeskError } from '../domain/errors.ts'
import type { AppEnvironment } from './environment.ts'
import { gatherFields } from './gather-fields.ts'
import { queryOf } from './request-reading.ts'
import { describeIssues } from './validation-issues.ts'

/** The query of a page. @throws KeydeskError `invalid_request` naming the parameter */
export function readQuery<Schema extends z.ZodType>(
  c: Context<AppEnvironment>,
  schema: Schema,
): z.output<Schema> {
  // A form of filters sends what was left empty, too.
  const filled = [...new URLSearchParams(queryOf(c))].filter(([, value]) => value !== '')
  const parsed = schema.safeParse(gatherFields(filled))
  if (parsed.success) return parsed.data
  throw new KeydeskError('invalid_request', { message: describeIssues(parsed.error.issues) })
}
