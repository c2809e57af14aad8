import type { KeyWithOwner } from '../storage/keys.ts'
import type { Session } from '../storage/sessions.ts'
import type { User } from '../storage/users.ts'

/** Who stands behind a request or a JWT: a key with its owner, or a signed-in browser with its user. */
export type Holder =
  | { readonly kind: 'key'; readonly record: KeyWithOwner }
  | { readonly kind: 'session'; readonly session: Session; readonly user: User }
