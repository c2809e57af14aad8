/** How many rows of each kind; a key in five was never used, and one in four is revoked. */
export interface RowCounts {
  readonly users: number
  readonly keys: number
  readonly events: number
}

/** Ids that are among the rows. */
export const someUserId = 'usr_1000003'
export const someSessionId = 'ses_1000003'
export const someKeyId = keyIdOf(3)

/** The id of the key with this number, from 1. */
export function keyIdOf(number: number): string {
  return `k${10_000_000_000 + ((number * 7919) % 1_000_003)}`
}

const dayMs = 86_400_000
const hash = 'q8Zr5Wb2Lx7Vt0Ky3Hn6q8Zr5Wb2Lx7Vt0Ky3Hn6q8Z'

/**
 * Statements that fill a database with rows as years of use leave them, the latest at `now`: made by the database itself,
 * which takes seconds where a statement for each row takes minutes.
 */
export function manyRows(
  engine: 'sqlite' | 'postgres',
  { users, keys, events }: RowCounts,
  now: Date,
): string[] {
  const isSqlite = engine === 'sqlite'
  /** So many milliseconds before now. */
  const ago = (ms: string) =>
    isSqlite ? `(${now.getTime()} - ${ms})` : `to_timestamp((${now.getTime()} - ${ms}) / 1000.0)`
  const json = (text: string) => (isSqlite ? text : `CAST(${text} AS jsonb)`)
  const yes = isSqlite ? '1' : 'true'
  const text = (number: string) => `CAST(${number} AS text)`
  const insert = (count: number, table: string, columns: Readonly<Record<string, string>>, where = 'true') =>
    `INSERT INTO ${table} (${Object.keys(columns).join(', ')})
     WITH RECURSIVE numbers(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM numbers WHERE i < ${count})
     SELECT ${Object.values(columns).join(', ')} FROM numbers WHERE ${where}`
  const userId = (number: string) => `'usr_' || ${text(`1000000 + ${number}`)}`
  const keyId = `'k' || ${text('10000000000 + (i * 7919) % 1000003')}`
  const eventId = `'evt_' || ${text('10000000 + i')}`
  // In no order of time, as ids are in none either.
  const minute = `((i * 7919) % 525600) * 60000`
  return [
    insert(users, 'users', {
      id: userId('i'),
      kind: `CASE WHEN i % 20 = 0 THEN 'service' ELSE 'person' END`,
      email: `CASE WHEN i % 20 = 0 THEN NULL ELSE 'person' || ${text('i')} || '@example.com' END`,
      name: `'Person ' || ${text('i')}`,
      role: `CASE WHEN i % 500 = 1 THEN 'admin' ELSE 'member' END`,
      groups: json(`'["engineering"]'`),
      status: `CASE WHEN i % 50 = 2 THEN 'disabled' WHEN i % 97 = 5 THEN 'erased' ELSE 'active' END`,
      version: '1',
      responsible_id: `CASE WHEN i % 20 = 0 THEN ${userId('i - 1')} END`,
      created_at: ago(minute),
      updated_at: ago(minute),
    }),
    insert(
      users,
      'identities',
      {
        id: `'idn_' || ${text('1000000 + i')}`,
        user_id: userId('i'),
        provider: `'google'`,
        issuer: `'https://accounts.google.com'`,
        subject: `'subject-' || ${text('i')}`,
        email: `'person' || ${text('i')} || '@example.com'`,
        email_verified: yes,
        created_at: ago(minute),
        last_sign_in_at: ago('i * 1000'),
      },
      'i % 20 <> 0',
    ),
    insert(users * 2, 'sessions', {
      id: `'ses_' || ${text('1000000 + i')}`,
      user_id: userId(`(i % ${users}) + 1`),
      provider: `'google'`,
      secret_hash: `'hash-' || ${text('i')}`,
      created_at: ago('i * 1000'),
      last_seen_at: ago('i * 500'),
      expires_at: ago(`i * 1000 - ${7 * dayMs}`),
    }),
    insert(keys, 'api_keys', {
      id: keyId,
      user_id: userId(`(i % ${users}) + 1`),
      name: `'key ' || ${text('i')} || CASE WHEN i % 7 = 0 THEN ' for CI' ELSE '' END`,
      secret_hash: `'$argon2id$v=19$m=19456,t=2,p=1$c2hhcmVkIGJ5IG1hbnkga2V5cw$' || ${text('i')}`,
      scopes: json(`'["orders:read", "team:' || ${text('i % 100')} || '"]'`),
      metadata: json(`'{"team": "orders"}'`),
      created_through: `CASE i % 3 WHEN 0 THEN 'sso' WHEN 1 THEN 'admin' ELSE 'self-service' END`,
      created_by: `'master_key'`,
      created_at: ago(minute),
      expires_at: `CASE WHEN i % 3 = 0 THEN ${ago(`((i * 31) % 730 - 550) * ${dayMs}`)} END`,
      revoked_at: `CASE WHEN i % 4 = 1 THEN ${ago(`(i % 90) * ${dayMs}`)} END`,
      retires_at: `CASE WHEN i % 400 = 2 THEN ${ago(`-10 * ${dayMs}`)} END`,
      rotated_at: `CASE WHEN i % 400 = 2 THEN ${ago(`20 * ${dayMs}`)} END`,
      quiet_seconds: `CASE WHEN i % 400 = 2 THEN 86400 END`,
    }),
    insert(
      keys,
      'key_usage',
      {
        key_id: keyId,
        last_used_at: ago(`((i * 104729) % 259200) * 60000`),
        request_count: 'i',
        last_address: `'203.0.113.7'`,
        last_user_agent: `'curl/8.0'`,
      },
      'i % 5 <> 0',
    ),
    insert(keys, 'key_stats', {
      key_id: keyId,
      hour: ago('(i % 48) * 3600000'),
      outcome: `'valid'`,
      count: 'i',
    }),
    insert(
      keys,
      'key_refusals',
      { id: `'ref_' || ${text('i')}`, key_id: keyId, at: ago('i * 1000'), reason: `'expired_key'` },
      'i % 10 = 0',
    ),
    insert(200, 'verification_stats', { hour: ago('i * 3600000'), outcome: `'valid'`, count: 'i' }),
    insert(events, 'audit_events', {
      id: eventId,
      at: ago(`(${events} - i) * 1000`),
      action: `CASE i % 5 WHEN 0 THEN 'key.minted' WHEN 1 THEN 'key.revoked' WHEN 2 THEN 'user.updated' ELSE 'sign_in.succeeded' END`,
      actor: `CASE WHEN i % 10 = 0 THEN 'master_key' ELSE 'user:' || ${userId(`(i % ${users}) + 1`)} END`,
      target: `CASE WHEN i % 2 = 0 THEN 'user:' || ${userId(`(i % ${users}) + 1`)} ELSE 'key:k' || ${text(`10000000000 + (((i % ${keys}) + 1) * 7919) % 1000003`)} END`,
      facts: json(`'{"name": "orders in CI", "scopes": ["orders:read"]}'`),
      request_id: `'req_' || ${text('i')}`,
    }),
    insert(events, 'audit_details', {
      event_id: eventId,
      email: `'person' || ${text(`(i % ${users}) + 1`)} || '@example.com'`,
      address: `'203.0.113.7'`,
      user_agent: `'curl/8.0'`,
    }),
    // No chain that anybody could verify, but one that needs no sealing.
    `INSERT INTO audit_seals (seq, event_id, email_hash, origin_hash, key_id, seal)
     SELECT e.seq, e.id, '${hash}', '${hash}', 'none', '${hash}' FROM audit_events AS e
     WHERE NOT EXISTS (SELECT 1 FROM audit_seals AS s WHERE s.seq = e.seq)`,
    insert(200, 'invitations', {
      id: `'inv_' || ${text('i')}`,
      provider: `'google'`,
      email: `'guest' || ${text('i')} || '@example.com'`,
      role: `'member'`,
      groups: json(`'[]'`),
      created_by: `'master_key'`,
      created_at: ago('i * 60000'),
      expires_at: ago(`(i - 100) * ${dayMs}`),
    }),
    insert(200, 'access_rules', {
      id: `'rul_' || ${text('i')}`,
      kind: `'allow_email'`,
      provider: `'google'`,
      // The first lets the first admin in.
      value: `CASE WHEN i = 1 THEN 'person1' ELSE 'guest' || ${text('i')} END || '@example.com'`,
      created_by: `'master_key'`,
      created_at: ago('i * 60000'),
    }),
  ]
}
