import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { apiKey } from '@better-auth/api-key'
import { getRequestListener } from '@hono/node-server'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import Database from 'better-sqlite3'
import { Hono } from 'hono'

/*
 * The peer: better-auth with its API-key plugin on better-sqlite3, behind the same HTTP server and framework as Keydesk
 * (both come from the root package). Its rate limit is off, and SQLite is set up in its favour: WAL, and no fsync at each
 * commit, since it writes the last use of a key with every verification.
 */

const { PORT, DATABASE_FILE, KEYS_FILE, KEY_COUNT } = process.env
const database = new Database(DATABASE_FILE)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = NORMAL')

const auth = betterAuth({
  database,
  baseURL: `http://localhost:${PORT}`,
  secret: randomBytes(32).toString('hex'),
  emailAndPassword: { enabled: true },
  logger: { disabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  plugins: [apiKey({ enableMetadata: true, rateLimit: { enabled: false } })],
})
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()

const { user } = await auth.api.signUpEmail({
  body: { email: 'ada@example.com', name: 'Ada Example', password: 'a password of the bench' },
})
const keys = []
for (let count = 0; count < Number(KEY_COUNT); count += 1) {
  const created = await auth.api.createApiKey({
    body: { userId: user.id, name: 'orders in CI', prefix: 'kd_', metadata: { team: 'orders' } },
  })
  keys.push(created.key)
}
writeFileSync(KEYS_FILE, `${keys.join('\n')}\n`)

const app = new Hono()
app.get('/v1/validate', async (c) => {
  const { valid, key, error } = await auth.api.verifyApiKey({
    body: { key: c.req.header('x-api-key') ?? '' },
  })
  return valid ? c.json({ valid, key }) : c.json({ valid, error }, 401)
})
createServer({ requestTimeout: 30_000, headersTimeout: 15_000 }, getRequestListener(app.fetch)).listen(
  Number(PORT),
  '127.0.0.1',
)
process.once('SIGTERM', () => process.exit(0))
