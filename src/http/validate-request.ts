import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { KeydeskError } from '../domain/errors.ts'
import { groupsMax } from '../domain/groups.ts'
import { scopesMax } from '../domain/scopes.ts'
import type { AppEnvironment } from './environment.ts'
import { requireJsonType } from './middleware/require-json.ts'
import { describeIssues } from './validation-issues.ts'
import { group, scope } from './wire/inputs.ts'

/** What is asked of a key beyond being good. */
export const demands = z.strictObject({
  scope: z.array(scope).max(scopesMax).default([]).openapi({ description: 'The key has to carry each.' }),
  group: z
    .array(group)
    .max(groupsMax)
    .default([])
    .openapi({ description: 'The owner of the key has to be in each.' }),
})
export type Demanded = z.output<typeof demands>
export const nothing: Demanded = { scope: [], group: [] }

const bodyBytesMax = 1024

/**
 * A body would be something that we do not read, and so do not take.
 * @throws KeydeskError `invalid_request`, `unsupported_media_type`, `too_large`
 */
export async function requireNoBody(c: Context<AppEnvironment>): Promise<void> {
  const length = c.req.header('content-length')
  if (length === '0' || (length === undefined && c.req.header('transfer-encoding') === undefined)) return
  requireJsonType(c.req.header('content-type'))
  if (Number(length) > bodyBytesMax) {
    throw new KeydeskError('too_large', { message: 'This call takes no body, and none of this size.' })
  }
  if (length !== undefined && /^\s*\{\s*\}\s*$/.test(await c.req.text())) return
  throw new KeydeskError('invalid_request', {
    message:
      'This call takes no body: the key goes into a header, scopes and groups into the query (?scope=a&scope=b&group=c).',
  })
}

/** @throws KeydeskError `invalid_request` */
export function readDemands(search: string): Demanded {
  const asked = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(search)) {
    const values = asked.get(name)
    if (values === undefined) asked.set(name, [value])
    else values.push(value)
  }
  const parsed = demands.safeParse(Object.fromEntries(asked))
  if (parsed.success) return parsed.data
  throw new KeydeskError('invalid_request', { message: describeIssues(parsed.error.issues) })
}
