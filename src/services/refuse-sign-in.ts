import { auditEvent, type Origin } from '../domain/audit-event.ts'
import type { KeydeskError } from '../domain/errors.ts'
import type { Identity } from '../storage/identities.ts'
import type { Storage } from '../storage/storage.ts'

/** What a provider has proven of somebody who is refused all the same. */
export interface RefusedIdentity {
  readonly provider: string
  readonly issuer: string
  readonly subject: string | null
  readonly email: string | null
  /** Undefined where it cannot be said, because the claims were refused themselves. */
  readonly hd: string | null | undefined
}

export type RefuseSignIn = ReturnType<typeof createRefuseSignIn>

/** Refusals of the rules: what the provider said of the person was fine as such. */
const rulesDecide = new Set(['denied', 'no_rule', 'domain_not_allowed', 'hd_not_allowed', 'not_invited'])
/** The provider does not vouch for the address any more. One that contradicts itself has said nothing. */
const claimsDecide = new Set(['email_unverified', 'no_email'])

/**
 * Writes down that somebody whom a provider has proven was refused: always a row of its own. Whoever is known already
 * is judged from now on by what the provider says today, so a refusal here cuts off their keys and sessions too.
 */
export function createRefuseSignIn(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function refuseSignIn(
    error: KeydeskError,
    refused: RefusedIdentity,
    origin: Origin,
    /** Who was signed in already, and wanted to add an account. */
    actorId: string | null = null,
  ): Promise<never> {
    const known =
      refused.subject === null ? null : await storage.identities.findWithUser(refused.issuer, refused.subject)
    const seen = known === null ? null : whatWasSeen(known.identity, refused, error.reason)
    const actor = actorId === null ? known?.user : { id: actorId }
    const event = auditEvent({
      at: now(),
      action: 'sign_in.refused',
      actor: actor === undefined ? 'anonymous' : nameOf(actor),
      target: known === null ? null : nameOf(known.user),
      facts: {
        reason: error.reason,
        provider: refused.provider,
        ...(seen === null ? {} : { identity_changed: true }),
      },
      email: refused.email,
      origin,
    })
    await storage.atomically((tx) => [
      ...(seen === null ? [] : [storage.identities.updateSeen(tx, seen)]),
      ...storage.audit.record(tx, event),
    ])
    if (seen !== null) await storage.confirmChanges()
    throw error
  }
}

/**
 * Null where it is what we have already. An address that was refused is not stored: it may be somebody else's, and would
 * stand in that person's way. That it is not the one we know any more is enough.
 */
function whatWasSeen(
  before: Identity,
  { email, hd }: RefusedIdentity,
  reason = '',
): Pick<Identity, 'id' | 'email' | 'emailVerified' | 'hd'> | null {
  const { id } = before
  const isCutOff = claimsDecide.has(reason) || (rulesDecide.has(reason) && email !== before.email)
  if (isCutOff) {
    return before.emailVerified ? { id, email: before.email, emailVerified: false, hd: before.hd } : null
  }
  if (!rulesDecide.has(reason) || hd === undefined || hd === before.hd) return null
  return { id, email: before.email, emailVerified: before.emailVerified, hd }
}

function nameOf({ id }: { readonly id: string }): `user:${string}` {
  return `user:${id}`
}
