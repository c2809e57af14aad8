import { normalizeEmail } from './email-address.ts'
import { storableText } from './storable-text.ts'

/** What a provider said of a person, after every check that needs no rule of ours. */
export interface IdentityClaims {
  readonly subject: string
  readonly email: string
  readonly emailVerified: true
  readonly name: string | null
  readonly picture: string | null
  /** Google's hosted domain: present only for accounts of a Workspace. Lower-cased. */
  readonly hd: string | null
}

export type ClaimsRefusal =
  | 'no_email'
  | 'email_unverified'
  | 'emails_differ'
  | 'hd_differs'
  | 'subject_unusable'
export type ClaimsReading =
  | { readonly outcome: 'good'; readonly claims: IdentityClaims }
  | {
      readonly outcome: 'refused'
      readonly reason: ClaimsRefusal
      readonly subject: string | null
      readonly email: string | null
    }

type Claims = Readonly<Record<string, unknown>>

const googleIssuer = 'https://accounts.google.com'

/**
 * Reads the person from the claims of the ID token, else of UserInfo (OpenID Connect Core §5.1). Both are proven to
 * speak of the same `sub` before. `email_verified` must be boolean true wherever it is said: Google sends a boolean, and
 * a string is not truth; where the issuer never says it, the settings may vouch for its addresses. From Google itself an
 * address counts as proven only if Google is the authority over it.
 */
export function readIdentityClaims(
  idToken: Claims,
  userInfo: Claims,
  { issuer, trustsEmail }: { readonly issuer: string; readonly trustsEmail: boolean },
): ClaimsReading {
  const subject = idToken.sub
  if (typeof subject !== 'string' || !/^[!-~]{1,255}$/.test(subject))
    return { outcome: 'refused', reason: 'subject_unusable', subject: null, email: null }
  const refused = (reason: ClaimsRefusal, email: string | null): ClaimsReading => {
    return { outcome: 'refused', reason, subject, email }
  }
  const emails = [idToken.email, userInfo.email].filter((email) => email !== undefined)
  const normalized = emails.map((email) => (typeof email === 'string' ? normalizeEmail(email) : null))
  const email = normalized[0] ?? null
  if (email === null || normalized.includes(null)) return refused('no_email', null)
  if (normalized.some((other) => other !== email)) return refused('emails_differ', email)
  const verified = [idToken.email_verified, userInfo.email_verified].filter((claim) => claim !== undefined)
  if ((verified.length === 0 && !trustsEmail) || verified.some((claim) => claim !== true))
    return refused('email_unverified', email)
  const hds = [idToken.hd, userInfo.hd].filter((hd) => hd !== undefined)
  const hd = typeof hds[0] === 'string' && hds[0] !== '' ? hds[0].toLowerCase() : null
  if (hds.some((other) => typeof other !== 'string' || other.toLowerCase() !== hd))
    return refused('hd_differs', email)
  if (issuer === googleIssuer && !email.endsWith('@gmail.com') && hd === null)
    return refused('email_unverified', email)
  const name = profileText(idToken.name ?? userInfo.name, 200)
  const picture = profileText(idToken.picture ?? userInfo.picture, 2000)
  return {
    outcome: 'good',
    claims: {
      subject,
      email,
      emailVerified: true,
      name,
      picture: picture?.startsWith('https://') === true ? picture : null,
      hd,
    },
  }
}

function profileText(claim: unknown, lengthMax: number): string | null {
  if (typeof claim !== 'string') return null
  // Control and bidirectional characters would let a name rearrange the page or the header that it is shown in.
  const text = storableText(claim, lengthMax)
    .replaceAll(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu, ' ')
    .trim()
  return text === '' ? null : text
}
