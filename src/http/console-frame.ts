import type { Assets } from '../../templates/layout.tsx'
import type { Forms } from './forms.ts'
import { createMakePageFrame, doneQueryOf } from './page-frame.ts'

/** What was done, as the page says it that a form leads to: the address carries the word. */
const doneTexts = {
  invited: 'The invitation is made. Pass its link on: Keydesk sends no mail.',
  withdrawn: 'The invitation is withdrawn.',
  user_changed: 'The change is in force.',
  user_disabled: 'The user is disabled: every key is refused, and every session is over.',
  user_enabled: 'The user is enabled. The keys work again.',
  user_erased: 'The user is erased.',
  everything_revoked: 'Every key is revoked, and every session is over.',
  identity_removed: 'Nobody signs in as this user by that account any more.',
  identity_approved: 'Whoever signs in with that address next is this user.',
  session_ended: 'The session is over.',
  sessions_ended: 'Every session of the user is over.',
  account_made: 'The service account is made. Now make a key for it.',
  key_changed: 'The key is changed, and what you see is in force.',
  key_retired: 'The key is retired. Nobody accepts it any more.',
  key_revoked: 'The key is revoked. Nobody accepts it any more.',
  keys_revoked: 'The keys are revoked. Nobody accepts them any more.',
  rule_added: 'The rule is in force.',
  app_added: 'The app is added, and who may reach it is in force.',
  app_changed: 'The change is in force.',
  app_removed: 'The app is removed.',
  rule_removed: 'The rule is gone. Nobody is judged by it any more.',
} as const
export type DoneWord = keyof typeof doneTexts

/** The query of a page to which a form leads. */
export const doneQuery = doneQueryOf(doneTexts)

export type MakeFrame = ReturnType<typeof createMakeFrame>

/** What every page of the console is given besides its own. */
export function createMakeFrame(options: { assets: Assets; forms: Forms; now: () => Date }) {
  return createMakePageFrame(options, doneTexts)
}
