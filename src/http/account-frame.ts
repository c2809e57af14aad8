import type { Context } from 'hono'
import type { AccountFrame } from '../../templates/account/account-layout.tsx'
import type { OwnKeyDetails } from '../../templates/account/key-cards.tsx'
import type { Assets } from '../../templates/layout.tsx'
import { shownStatus } from '../domain/key-status.ts'
import { effectiveScopes, type ScopeOwner } from '../domain/scopes.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { AppEnvironment } from './environment.ts'
import type { Forms } from './forms.ts'
import { createMakePageFrame, doneQueryOf, type Said } from './page-frame.ts'

/** What was done, as the page says it that a form leads to: the address carries the word. */
const doneTexts = {
  'signed-out': 'That browser is signed out.',
  revoked: 'The key is revoked: nobody accepts it any more.',
  retired: 'The old key has retired: nobody accepts it any more.',
} as const

/** The query of a page to which a form leads. */
export const accountDoneQuery = doneQueryOf(doneTexts)

export type MakeAccountFrame = ReturnType<typeof createMakeAccountFrame>

/** What every page of an account is given besides its own. */
export function createMakeAccountFrame(options: { assets: Assets; forms: Forms; now: () => Date }) {
  const makePageFrame = createMakePageFrame(options, doneTexts)
  return function makeAccountFrame(
    c: Context<AppEnvironment>,
    said?: Said<keyof typeof doneTexts>,
  ): AccountFrame {
    return { ...makePageFrame(c, said), isAdmin: c.get('session').user.role === 'admin' }
  }
}

/** A key as its owner sees it: not which admin made it, nor what only services read. */
export function toOwnKey(key: KeyRecord, owner: ScopeOwner, now: Date): OwnKeyDetails {
  const scopes = effectiveScopes(key.scopes, owner)
  return {
    id: key.id,
    name: key.name,
    status: shownStatus(key, now),
    scopes,
    cutScopes: key.scopes.filter((scope) => !scopes.includes(scope)),
    allowedAddresses: key.allowedAddresses,
    createdThrough: key.createdThrough,
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    revokedAt: key.revokedAt,
    revokedReason: key.revokedReason,
    retiresAt: key.retiresAt,
    lastUsedAt: key.lastUsedAt,
    lastAddress: key.lastAddress,
    lastUserAgent: key.lastUserAgent,
  }
}
