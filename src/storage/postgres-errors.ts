import { DrizzleQueryError } from 'drizzle-orm'
import pg from 'pg'

const uniqueViolation = '23505'
const serializationFailures = new Set(['40001', '40P01'])

/** What drizzle wraps: its own error repeats the values of the statement, which must reach no log. */
export function unwrap(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error
}

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === uniqueViolation
}

/** Two transactions stood in each other's way, and the server ended this one: it may be tried again. */
export function mayBeTriedAgain(error: unknown): boolean {
  return error instanceof pg.DatabaseError && serializationFailures.has(error.code ?? '')
}

/**
 * An error that may be logged. The server's messages about data (class 22) and constraints (class 23) quote values; of
 * those only the code and the constraint are kept.
 */
export function forLog(error: unknown): unknown {
  const cause = unwrap(error)
  if (!(cause instanceof pg.DatabaseError) || !/^2[23]/.test(cause.code ?? '')) return cause
  return new Error(`Postgres refused a statement: ${cause.code} ${cause.constraint ?? ''}`.trim())
}

/** What to do about a database that cannot be opened, in words, where the reason is known. */
export function openingHint(error: unknown): string {
  const cause = unwrap(error)
  const { code, message } =
    cause instanceof Error ? (cause as Error & { code?: string }) : { code: '', message: '' }
  if (code === '28P01' || code === '28000') return 'The user or the password is not right.'
  if (code === '3D000') return 'There is no database of this name; make it first.'
  if (code === '42501') return 'The user may not make tables in it.'
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'No server answers there.'
  if (/does not support SSL/.test(message))
    return 'The server does not speak TLS. On a network that nobody else is on, add ?sslmode=disable.'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'The certificate of the server is for another name: use that name in the URL.'
  if (code === 'CERT_HAS_EXPIRED') return 'The certificate of the server has expired.'
  if (/certificate|self-signed/i.test(message))
    return 'The certificate of the server cannot be verified. Name its authority with ?sslrootcert=/path/to/ca.pem.'
  return 'Check the URL, and that the server runs.'
}
