import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { newSessionSecret, sessionSecretHash } from '../../src/domain/session-secret.ts'
import { sessions } from '../../src/storage/schema.sqlite.ts'
import { fetchRaw } from '../raw-answer.ts'
import type { SeedKey } from '../seed.ts'
import { questionOf } from './requests.ts'

/** The app that everybody asks for. */
export const appHost = 'app.bench.example'
export const target = '/reports/2026?month=11&team=orders'

export const kinds = ['key', 'session', 'jwt'] as const
export type CredentialKind = (typeof kinds)[number]

/** What somebody shows. */
export interface Credential {
  readonly headers: Readonly<Record<string, string>>
}

export function keyCredential({ text }: SeedKey): Credential {
  return { headers: { 'X-API-Key': text } }
}

/** Signs so many browsers in, behind the back of the product. To be called while it is stopped. */
export function seedSessions(file: string, count: number): Credential[] {
  const database = new Sqlite(file)
  const at = new Date()
  const values = Array.from({ length: count }, newSessionSecret)
  const rows = values.map((value, n) => ({
    id: `ses_bench${n}`,
    userId: 'usr_bench',
    provider: 'google',
    secretHash: hashOf(newSessionSecret()),
    appSecretHash: hashOf(value),
    address: '192.0.2.7',
    userAgent: null,
    createdAt: at,
    lastSeenAt: at,
    expiresAt: new Date(at.getTime() + 7 * 86_400_000),
  }))
  drizzle(database).insert(sessions).values(rows).run()
  database.close()
  return values.map((value) => ({ headers: { Cookie: `theme=dark; __Secure-keydesk-app=${value}` } }))
}

function hashOf(value: string): string {
  const hash = sessionSecretHash(value)
  if (hash === null) throw new Error('a new session secret has the wrong form')
  return hash
}

/** The JWT that the app would get for this credential. */
export async function jwtFor(port: number, credential: Credential): Promise<string> {
  const { status, headers } = await fetchRaw(port, questionOf('nginx', credential))
  const jwt = headers.find(([name]) => name.toLowerCase() === 'x-auth-request-jwt')?.[1]
  if (status !== 200 || !jwt) throw new Error(`the credential was answered with ${status} and no JWT`)
  return jwt
}
