import type { Context } from 'hono'
import { KeydeskError } from '../domain/errors.ts'
import type { AppEnvironment } from './environment.ts'
import { id } from './wire/inputs.ts'

/** The id in the path of a page. @throws KeydeskError `not_found` for what could never be one */
export function pathId(c: Context<AppEnvironment>, name = 'id'): string {
  const parsed = id.safeParse(c.req.param(name))
  if (parsed.success) return parsed.data
  throw new KeydeskError('not_found', { message: 'There is nothing at this address.' })
}
