import type { Context } from 'hono'
import { z } from 'zod'
import type { Assets } from '../../templates/layout.tsx'
import type { NoticeProps } from '../../templates/notice.tsx'
import type { PageFrame } from '../../templates/page-frame.ts'
import type { AppEnvironment } from './environment.ts'
import type { Forms } from './forms.ts'

/** What is said at the top of a page: that something was not done, or the word of what was done. */
export type Said<Word extends string> = NoticeProps | Word | null | undefined

/** What every page of a place is given besides its own. `doneTexts` is what was done, by the word that an address carries. */
export function createMakePageFrame<Word extends string>(
  options: { assets: Assets; forms: Forms; now: () => Date },
  doneTexts: Readonly<Record<Word, string>>,
) {
  const { assets, forms, now } = options
  return function makePageFrame(c: Context<AppEnvironment>, said: Said<Word>): PageFrame {
    return {
      assets,
      requestId: c.get('requestId'),
      token: forms.tokenFor(c.get('session')),
      now: now(),
      notice: typeof said === 'string' ? { kind: 'done', text: doneTexts[said] } : (said ?? null),
    }
  }
}

/** The query of a page to which a form leads. */
export function doneQueryOf<Word extends string>(doneTexts: Readonly<Record<Word, string>>) {
  // Guarantee: the names of a record of these words are these words.
  return z.strictObject({ done: z.enum(Object.keys(doneTexts) as [Word, ...Word[]]).optional() })
}
