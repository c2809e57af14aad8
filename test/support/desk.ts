import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { deriveKeys } from '../../src/domain/derived-keys.ts'
import { newKeyText } from '../../src/domain/key-text.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { json } from './json.ts'

export const metricsToken = 'q7Zt2mXv9LrB4nKc8WsPd3Hy'
/** Limits off, so that a test meets only those that it sets; metrics on. */
export const deskSettings = {
  FAILURE_RATE_LIMIT: 'off',
  AUTH_RATE_LIMIT: 'off',
  METRICS_TOKEN: metricsToken,
}

/** Of a window; one that is shorter than ten times that is for the test to wait for. */
const roomMs = 5000

/** Waits until the window of a limit has some room left, by the clock. */
async function waitForRoom(change: { readonly rate_limit?: { readonly window_seconds?: number } }) {
  const windowMs = (change.rate_limit?.window_seconds ?? 0) * 1000
  const leftMs = windowMs - (Date.now() % windowMs)
  if (windowMs >= 10 * roomMs && leftMs < roomMs) await pause(leftMs)
}

/** A gateway with a user or two, and short ways to mint, ask, look behind the scenes and count. No sign-in. */
export type Desk = Awaited<ReturnType<typeof createDesk>>

/** A desk in this process. */
export async function startDesk(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
): Promise<Desk> {
  return createDesk(await startGateway({ ...deskSettings, ...settings }, options))
}

/** Adds a user of its own to whatever gateway this is, in this process or another. */
export async function createDesk(gateway: TestGateway, issuer = 'https://accounts.google.com') {
  const { database } = gateway
  const userId = await addUser()

  async function addUser(): Promise<string> {
    const id = `usr_${randomBytes(8).toString('hex')}`
    await database.change(
      `INSERT INTO users (id, kind, email, name, picture, role, groups, status, scope_limit, version, created_at, updated_at)
       VALUES (?, 'person', ?, 'Dana Desk', NULL, 'member', '[]', 'active', NULL, 1, ?, ?)`,
      id,
      `${id}@desk.test`,
      new Date(),
      new Date(),
    )
    await database.change(
      `INSERT INTO identities (id, user_id, provider, issuer, subject, email, email_verified, hd, created_at, last_sign_in_at)
       VALUES (?, ?, 'google', ?, ?, ?, TRUE, 'desk.test', ?, ?)`,
      `idn_${id}`,
      id,
      issuer,
      id,
      `${id}@desk.test`,
      new Date(),
      new Date(),
    )
    return id
  }

  function postKey(change: object): Promise<Response> {
    return gateway.asAdmin('/admin/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: userId, name: 'desk', ...change }),
    })
  }

  async function mint(change: object = {}): Promise<string> {
    // Windows that replicas share are those of the clock: one that ends in the middle of a test would be two to it.
    if (database.engine === 'postgres') await waitForRoom(change)
    const response = await postKey(change)
    if (response.status !== 201)
      throw new Error(`minting answered ${response.status}: ${await response.text()}`)
    return (await json(response)).key_text
  }

  async function mintMany(count: number, change: object = {}): Promise<string[]> {
    const keys: string[] = []
    for (let left = count; left > 0; left -= 50)
      keys.push(...(await Promise.all(Array.from({ length: Math.min(50, left) }, () => mint(change)))))
    return keys
  }

  const validate = (key: string, query = '', headers: Record<string, string> = {}) =>
    gateway.fetch(`/v1/validate${query}`, { headers: { 'x-api-key': key, ...headers } })

  async function codeFor(key: string, query = '', headers: Record<string, string> = {}): Promise<string> {
    return (await json(await validate(key, query, headers))).code ?? 'valid'
  }

  async function metricsText(): Promise<string> {
    const response = await gateway.fetch('/metrics', { headers: { authorization: `Bearer ${metricsToken}` } })
    if (response.status !== 200) throw new Error(`the metrics answered ${response.status}`)
    return response.text()
  }

  return {
    gateway,
    userId,
    addUser,
    /** As another process would; in force when it resolves. */
    sql: database.change,
    rows: database.rows,
    postKey,
    mint,
    mintMany,
    validate,
    codeFor,
    revoke: (key: string) => gateway.asAdmin(`/admin/keys/${idOf(key)}`, { method: 'DELETE' }),
    read: async (key: string) => json(await gateway.asAdmin(`/admin/keys/${idOf(key)}`)),
    metricsText,
    /** The value of a metric, with its labels as they are written: `keydesk_key_memory_total{result="hit"}`; 0 when absent. */
    metric: async (name: string) => metricIn(await metricsText(), name),
    hashes: async () => metricIn(await metricsText(), 'keydesk_argon2_seconds_count'),
    close: () => gateway.close(),
  }
}

export function metricIn(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return line === undefined ? 0 : Number(line.slice(name.length + 1))
}

export const idOf = (key: string) => key.split('_')[1] ?? ''

/** Another secret with the same key id and a genuine tag, which only who has the tag key can make. */
export async function otherSecretOf(gateway: TestGateway, key: string, count = 1): Promise<string[]> {
  const storage = await openStorage(gateway.database.url)
  const { tagKeys } = await openKeyring({
    storage,
    wrapKey: deriveKeys(gateway.masterKey).keyring,
    previousWrapKey: null,
    now: () => new Date(),
  })
  await storage.close()
  return Array.from({ length: count }, () => newKeyText(idOf(key), 'kd', tagKeys.at(-1)!))
}
