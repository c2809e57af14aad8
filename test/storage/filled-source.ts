import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { deriveKeys } from '../../src/domain/derived-keys.ts'
import { randomText } from '../../src/domain/random-text.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { createPruneAudit } from '../../src/services/prune-audit.ts'
import { createSealAudit } from '../../src/services/seal-audit.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { startDesk } from '../support/desk.ts'
import type { TestDatabase } from '../support/test-database.ts'
import {
  accessRuleRow,
  allowlistCopyRow,
  appRow,
  authCodeRow,
  invitationRow,
  sessionRow,
} from './access-rows.ts'
import { baseTime, eventRow, identityRow, keyRow, land, plusMs, userRow } from './engines.ts'

/** A SQLite file that a real Keydesk has worked on, with rows in every table. */
export interface FilledSource {
  readonly masterKey: string
  readonly goodKey: string
  readonly revokedKey: string
  /** Takes three requests an hour, of which it has had none. */
  readonly limitedKey: string
  /** A copy of the file of its own, with nothing beside it. */
  fresh(): { readonly file: string; readonly url: string }
  remove(): void
}

/** `rows`: how many of most kinds; a copy takes a thousand at a time. */
export async function fillSource(rows: number): Promise<FilledSource> {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-filled-'))
  const original = join(folder, 'original.db')
  const desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' })
  const { database, masterKey } = desk.gateway
  const goodKey = await desk.mint({
    name: 'nächtlich 🔑',
    scopes: ['b.x', 'a'],
    metadata: { z: 1, a: { y: [null, 'ü'] } },
  })
  const limitedKey = await desk.mint({ rate_limit: { limit: 3, window_seconds: 3600 } })
  const revokedKey = await desk.mint({ expires_at: '2031-06-30T00:00:00.5Z' })
  await desk.validate(goodKey)
  await desk.validate(goodKey, '?scope=never', { 'user-agent': 'curl/8 ünï' })
  await desk.revoke(revokedKey)
  await pruneOnce(database.url, masterKey)
  await addManyRows(database.url, rows)
  // Writes down the usage, and leaves everything in the file itself.
  await desk.gateway.restart()
  cpSync(database.file, original)
  await desk.close()
  let copies = 0
  return {
    masterKey,
    goodKey,
    revokedKey,
    limitedKey,
    fresh: () => {
      copies += 1
      const file = join(folder, `copy-${copies}.db`)
      cpSync(original, file)
      return { file, url: `file:${file}` }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Behind Keydesk's back, or as what it would do. */
export function change(file: string, statement: string, ...values: unknown[]): void {
  const client = new Sqlite(file)
  client.prepare(statement).run(...values)
  client.pragma('wal_checkpoint(TRUNCATE)')
  client.close()
}

/** Everything that a target holds, with the versions of its rows, and how far its audit events are numbered. */
export async function stateOf(target: TestDatabase): Promise<string> {
  return JSON.stringify([
    (await target.contents()).split('\n').sort(),
    await target.rows('SELECT max(xmin::text::bigint) FROM api_keys'),
    await target.rows('SELECT last_value, is_called FROM audit_events_seq_seq'),
  ])
}

/** Of a key that another has replaced, and that had replaced one itself. */
const retiringFacts = (n: number) => ({
  version: n + 2,
  allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'],
  predecessorId: randomText(12),
  successorId: randomText(12),
  rotatedAt: plusMs(n),
  quietSeconds: n,
  retiresAt: plusMs(n + 2_000_000_000),
  revokedReason: n % 2 ? null : 'für immer 🔑',
})

/** As if all that is there were a day old. */
async function pruneOnce(url: string, masterKey: string): Promise<void> {
  const storage = await openStorage(url)
  const now = () => new Date(Date.now() + 2 * 86_400_000)
  const wrapKey = deriveKeys(masterKey).keyring
  const { auditKeys } = await openKeyring({ storage, wrapKey, previousWrapKey: null, now })
  await createSealAudit({ storage, auditKeys, now })()
  await createPruneAudit({ storage, auditKeys, retentionSeconds: 86_400, now })()
  await storage.close()
}

async function addManyRows(url: string, rows: number): Promise<void> {
  const storage = await openStorage(url)
  for (let done = 0; done < rows; done += 100) {
    await land(storage, (tx) =>
      Array.from({ length: 100 }, (_, index) => done + index).flatMap((n) => {
        const user = userRow({
          createdAt: plusMs(n),
          email: n % 3 === 0 ? null : `person${n}@corp.com`,
          name: n % 5 === 0 ? null : `Pèrson ${n} 日本 𝒳 '";\\`,
          groups: n % 2 === 0 ? [] : ['ops', 'dev'],
          scopeLimit: n % 4 === 0 ? ['a', 'b.x'] : null,
          status: n % 7 === 0 ? 'disabled' : 'active',
        })
        const key = keyRow(user, {
          rateLimit: n % 2 === 0 ? null : { limit: n + 1, window_seconds: 60 },
          metadata: { n, deep: { b: [1.5, -0.25, 1e21], a: true }, '': null },
          revokedAt: n % 6 === 0 ? plusMs(n) : null,
          expiresAt: n % 9 === 0 ? plusMs(n + 1) : null,
          ...(n % 5 === 0 ? retiringFacts(n) : {}),
        })
        const origin = { requestId: randomText(8), address: '2001:db8::1', userAgent: n % 2 ? null : 'ünï/1' }
        return [
          storage.users.insert(tx, user),
          storage.identities.insert(tx, identityRow(user, { hd: n % 2 ? 'corp.com' : null })),
          storage.keys.insert(tx, key),
          storage.idempotency.insert(tx, {
            id: randomText(43),
            bodyHash: randomText(43),
            keyId: key.id,
            createdAt: plusMs(n),
          }),
          storage.usage.addUses(tx, [
            {
              keyId: key.id,
              lastUsedAt: plusMs(n),
              requestCount: 5_000_000_000 + n,
              lastAddress: n % 2 ? null : '2001:db8::1',
              lastUserAgent: n % 3 ? null : 'ünï/1',
            },
          ]),
          storage.usage.addStats(
            tx,
            ['valid', 'expired_key'].map((outcome) => ({
              keyId: key.id,
              hour: baseTime,
              outcome,
              count: n + 1,
            })),
          ),
          storage.usage.addRefusals(tx, [
            {
              id: `ref_${randomText(9)}`,
              keyId: key.id,
              at: plusMs(n),
              reason: 'expired_key',
              address: null,
              userAgent: null,
            },
          ]),
          storage.attempts.use(tx, randomText(40), new Date(n)),
          storage.accessRules.insert(tx, accessRuleRow({ note: n % 2 ? null : 'für Ada 🔑' })),
          storage.apps.insert(tx, appRow({ note: n % 2 ? null : 'für Ada 🔑', version: n + 1 })),
          storage.authCodes.insert(tx, authCodeRow()),
          storage.invitations.insert(tx, invitationRow({ userId: n % 2 ? null : user.id })),
          storage.sessions.insert(tx, sessionRow(user, n % 2 ? { appSecretHash: null, address: null } : {})),
          // Some without details.
          ...storage.audit
            .record(
              tx,
              eventRow({
                target: `key:${key.id}`,
                email: user.email,
                origin,
                facts: { n, odd: [1e21, 0.1, 'ü'] },
              }),
            )
            .slice(0, n % 50 === 3 ? 1 : 2),
        ]
      }),
    )
  }
  await land(storage, (tx) => [storage.accessRules.keepAllowlistCopy(tx, allowlistCopyRow())])
  await storage.close()
}
