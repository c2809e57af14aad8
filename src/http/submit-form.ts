import type { Context } from 'hono'
import type { z } from 'zod'
import type { NoticeProps } from '../../templates/notice.tsx'
import { type ErrorCode, errorCodes, KeydeskError } from '../domain/errors.ts'
import type { AppEnvironment } from './environment.ts'
import type { Forms } from './forms.ts'
import { wantsPage } from './problem.ts'

/** What was typed into a form, by the names of its fields. */
export type Typed = Readonly<Record<string, string>>

/** What the person who sent the form can mend; everything else gets the page of its error. */
const mendable: ReadonlySet<ErrorCode> = new Set(['invalid_request', 'conflict', 'precondition_failed'])

/**
 * Takes a form of a signed-in page: does what it asks for, and leads to the page that says so. Where that cannot be
 * done, the page is shown again, as things are now, with the reason.
 */
export async function submitForm<Schema extends z.ZodType>(
  c: Context<AppEnvironment>,
  forms: Forms,
  schema: Schema,
  /** Answers where to go on, or with a page of its own. */
  act: (fields: z.output<Schema>) => Promise<string | Response>,
  /** The page on which the form stands, with what was typed into it. */
  showAgain: (c: Context<AppEnvironment>, notice: NoticeProps, typed: Typed) => Promise<string>,
): Promise<Response> {
  try {
    const next = await act(await forms.read(c, c.get('session'), schema))
    return typeof next === 'string' ? c.redirect(next, 303) : next
  } catch (error) {
    if (!(error instanceof KeydeskError) || !mendable.has(error.code)) throw error
    if (!wantsPage(c.req.header('accept'))) throw error
    const notice = { kind: 'problem' as const, text: error.message }
    return c.html(await showAgain(c, notice, c.get('typed') ?? {}), errorCodes[error.code].status)
  }
}
