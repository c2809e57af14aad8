import { setTimeout as pause } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../support/json.ts'
import { type KeydeskProcess, startKeydesk } from '../support/keydesk-process.ts'
import { keyFor, signInSettings, testClient } from '../support/sign-in.ts'
import { type StandInProvider, startStandInProvider } from '../support/stand-in-provider.ts'

const rounds = Number(process.env.CHAOS_ROUNDS ?? 50)
const mintersCount = 4
const revokersCount = 2

/** What the client was told of a key. `asked` is a revocation without an answer: both ends are right. */
type Told = 'minted' | 'asked' | 'revoked'

describe('kill -9 in the middle of minting and revoking', () => {
  let standIn: StandInProvider
  let gateway: KeydeskProcess
  let userId: string
  const told = new Map<string, Told>()
  beforeAll(async () => {
    gateway = await startKeydesk(async (url) => {
      standIn = await startStandInProvider({ ...testClient, redirectUris: [`${url}/auth/callback`] })
      return { ...signInSettings(standIn.issuer), FAILURE_RATE_LIMIT: 'off' }
    })
    told.set(await keyFor({ gateway, standIn }, 'alice@example.com'), 'minted')
    userId = (await json(await gateway.asAdmin('/admin/users'))).data[0].id
  })
  afterAll(async () => {
    await gateway?.close()
    await standIn?.close()
  })

  test(`keeps what was acknowledged, and nothing by halves, ${rounds} times over`, async () => {
    const counts = { minted: 0, revoked: 0, unanswered: 0 }
    for (let round = 1; round <= rounds; round += 1) {
      const before = new Set(told.keys())
      await workUntilKilled(3 + Math.floor(Math.random() * 60))
      expectWholeDatabase(`round ${round}`)
      await gateway.start()
      await expectAnswers([...told.keys()].filter((key) => !before.has(key)))
    }
    await expectAnswers([...told.keys()])
    for (const state of told.values()) counts[state === 'asked' ? 'unanswered' : state] += 1
    // Otherwise nothing was tried.
    expect(counts.minted).toBeGreaterThan(rounds)
    expect(counts.revoked).toBeGreaterThan(rounds / 2)
  })

  /** Mints and revokes side by side, and kills the process a random moment after so many answers. */
  async function workUntilKilled(answersMax: number): Promise<void> {
    let answers = 0
    let isOver = false
    let enough = () => {}
    const hasEnough = new Promise<void>((resolve) => {
      enough = resolve
    })
    const count = () => {
      answers += 1
      if (answers >= answersMax) enough()
    }
    const workers = [
      ...Array.from({ length: mintersCount }, () => repeat(mint)),
      ...Array.from({ length: revokersCount }, () => repeat(revoke)),
    ]
    const kill = hasEnough.then(async () => {
      await pause(Math.random() * 25)
      gateway.process().signalGroup('SIGKILL')
      await gateway.process().ended
      isOver = true
    })
    await Promise.all([kill, ...workers])

    async function repeat(work: () => Promise<boolean>): Promise<void> {
      while (!isOver) {
        try {
          if (await work()) count()
        } catch (error) {
          // A connection that broke is what the kill looks like from here; anything else is a finding.
          if (!(error instanceof TypeError)) throw error
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }

  async function mint(): Promise<boolean> {
    const response = await gateway.asAdmin('/admin/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: userId, name: 'chaos', scopes: ['a'], metadata: { n: told.size } }),
    })
    const answer = await json(response)
    if (response.status !== 201) throw new Error(`minting was answered ${JSON.stringify(answer)}`)
    told.set(answer.key_text, 'minted')
    return true
  }

  async function revoke(): Promise<boolean> {
    const minted = [...told].filter(([, state]) => state === 'minted').map(([key]) => key)
    const key = minted[Math.floor(Math.random() * minted.length)]
    // About half of the keys stay, so that both kinds are there to be lost.
    if (key === undefined || minted.length < told.size / 2) return false
    told.set(key, 'asked')
    const response = await gateway.asAdmin(`/admin/keys/${key.split('_')[1]}`, { method: 'DELETE' })
    if (response.status !== 204) throw new Error(`revoking was answered ${response.status}`)
    told.set(key, 'revoked')
    return true
  }

  async function expectAnswers(keys: string[]): Promise<void> {
    for (const key of keys) {
      const response = await gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
      const { code = 'valid' } = await json(response)
      const allowed = { minted: ['valid'], revoked: ['revoked_key'], asked: ['valid', 'revoked_key'] }
      expect(allowed[told.get(key) ?? 'minted']).toContain(code)
      expect(response.status).toBe(code === 'valid' ? 200 : 401)
    }
  }

  /** Reads the file as the kill left it, before Keydesk opens it again. */
  function expectWholeDatabase(round: string): void {
    const database = new Sqlite(gateway.database.file)
    const ids = (sql: string) => database.prepare<[], string>(sql).pluck().all()
    expect(ids('PRAGMA integrity_check'), round).toEqual(['ok'])
    expect(database.pragma('foreign_key_check'), round).toEqual([])
    const eventOf = (action: string) =>
      `SELECT 1 FROM audit_events WHERE action = '${action}' AND target = 'key:' || api_keys.id`
    const keyOfEvent = "SELECT 1 FROM api_keys WHERE 'key:' || api_keys.id = audit_events.target"
    const half = {
      'a key without its audit row': ids(
        `SELECT id FROM api_keys WHERE NOT EXISTS (${eventOf('key.minted')})`,
      ),
      'a revocation without its audit row': ids(
        `SELECT id FROM api_keys WHERE revoked_at IS NOT NULL AND NOT EXISTS (${eventOf('key.revoked')})`,
      ),
      'an audit row of a revocation that is not': ids(
        `SELECT id FROM api_keys WHERE revoked_at IS NULL AND EXISTS (${eventOf('key.revoked')})`,
      ),
      'an audit row of no key': ids(
        `SELECT target FROM audit_events WHERE action LIKE 'key.%' AND NOT EXISTS (${keyOfEvent})`,
      ),
      'a key with two rows for one event': ids(
        `SELECT target FROM audit_events WHERE action LIKE 'key.%' GROUP BY action, target HAVING count(*) > 1`,
      ),
    }
    database.close()
    for (const [what, found] of Object.entries(half)) expect(found, `${round}: ${what}`).toEqual([])
  }
})
