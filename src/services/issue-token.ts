import { splitScopes } from '../domain/jwt-claims.ts'
import type { Holder } from './holder.ts'
import { type SignedJwt, type SignJwt, scopesOf } from './sign-jwt.ts'

/** What somebody wants a JWT for. */
export interface TokenWish {
  readonly audience: string | undefined
  /** Between spaces; without it all that the key carries. */
  readonly scope: string | undefined
}

export type IssuedToken =
  | ({ readonly outcome: 'issued' } & SignedJwt)
  | { readonly outcome: 'no_audiences' | 'audience_needed' | 'audience_unknown' | 'scope_missing' }

export type IssueToken = ReturnType<typeof createIssueToken>

/**
 * Makes a JWT for a service that is in JWT_AUDIENCES, with no more scopes than whoever asks has right now.
 * @throws KeydeskError `unavailable`
 */
export function createIssueToken(dependencies: { signJwt: SignJwt; audiences: readonly string[] }) {
  const { signJwt, audiences } = dependencies

  return async function issueToken(holder: Holder, wish: TokenWish): Promise<IssuedToken> {
    const audience = wish.audience ?? (audiences.length === 1 ? audiences[0] : undefined)
    if (audiences.length === 0) return { outcome: 'no_audiences' }
    if (audience === undefined) return { outcome: 'audience_needed' }
    if (!audiences.includes(audience)) return { outcome: 'audience_unknown' }
    const carried = scopesOf(holder)
    const asked = wish.scope === undefined ? carried : splitScopes(wish.scope)
    if (!asked.every((scope) => carried.includes(scope))) return { outcome: 'scope_missing' }
    return { outcome: 'issued', ...(await signJwt(holder, { audience, scopes: asked })) }
  }
}
