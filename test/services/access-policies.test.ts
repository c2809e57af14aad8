import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Access, createAccess } from '../../src/services/access-policies.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { type Desk, startDesk } from '../support/desk.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const unhandled: unknown[] = []
const note = (error: unknown) => void unhandled.push(error)
beforeEach(() => {
  unhandled.length = 0
  process.prependListener('unhandledRejection', note)
})
afterEach(() => {
  process.removeListener('unhandledRejection', note)
})

/** A rejection that nobody took is told at the end of a turn. */
async function expectNothingUnhandled() {
  for (let turns = 0; turns < 5; turns += 1) await turn()
  expect(unhandled).toEqual([])
}

/** Only the rules cannot be read; everything else can. */
async function takeRulesAway(database: TestDatabase) {
  await database.change('ALTER TABLE access_rules RENAME TO access_rules_away')
  return () => database.change('ALTER TABLE access_rules_away RENAME TO access_rules')
}

const outcomesOf = async (asked: Promise<unknown>[]) =>
  (await Promise.allSettled(asked)).map((outcome) =>
    outcome.status === 'fulfilled' ? 'read' : outcome.reason.code,
  )
const times = (count: number, ask: () => Promise<unknown>) => Array.from({ length: count }, ask)

describe('rules that cannot be read again', () => {
  let database: TestDatabase
  let storage: Storage
  let access: Access
  beforeEach(async () => {
    database = await createTestDatabase()
    storage = await openStorage(database.url)
    const settled = { rules: [], admins: [], isOpenWithoutRules: false, issuers: null }
    access = createAccess({ storage, settled, allowlist: null, now: () => new Date() })
  })
  afterEach(async () => {
    await storage.close()
    await database.drop()
  })

  const addRule = (id: string) =>
    database.change(
      `INSERT INTO access_rules (id, kind, provider, value, note, created_by, created_at)
       VALUES (?, 'allow_domain', 'google', ?, NULL, 'master_key', ?)`,
      id,
      `${id}.test`,
      new Date(),
    )
  const domains = async () => (await access.fresh()).ownDomains.get('google') ?? []

  test.each([
    ['the rules', takeRulesAway],
    ['anything', (from: TestDatabase) => from.breakDown()],
  ])(
    'because the database does not give %s reject whoever asked, each of them, and nothing else',
    async (_, fail) => {
      await addRule('one')
      expect(await domains()).toEqual(['one.test'])
      const repair = await fail(database)
      expect(await outcomesOf(times(3, () => access.fresh()))).toEqual(times3('unavailable'))
      await expectNothingUnhandled()
      // Who does not wait for an answer, as verification does after its look, is told that there is none.
      expect(access.remembered()).toBeNull()
      await expectNothingUnhandled()
      await repair()
      await addRule('two')
      expect(await outcomesOf(times(3, () => access.fresh()))).toEqual(times3('read'))
      expect(await domains()).toEqual(['one.test', 'two.test'])
      await expectNothingUnhandled()
    },
  )

  test('are read once for all who ask at once, and again after the next change', async () => {
    await addRule('one')
    const [first, ...others] = await Promise.all([access.fresh(), access.fresh(), access.fresh()])
    for (const other of others) expect(other).toBe(first)
    expect(access.remembered()).toBe(first)
    await addRule('two')
    await storage.generation()
    expect(access.remembered()).toBeNull()
    expect(await domains()).toEqual(['one.test', 'two.test'])
  })
})

describe('a verification while the rules cannot be read again', () => {
  let desk: Desk
  beforeEach(async () => {
    desk = await startDesk()
  })
  afterEach(() => desk.close())

  test('is a 503 for a key that is known and for one that is not, and the process stays whole', async () => {
    const [known, cold] = [await desk.mint(), await desk.mint()]
    expect(await desk.codeFor(known)).toBe('valid')
    const repair = await takeRulesAway(desk.gateway.database)
    const asked = [known, cold, known, cold].map((key) => desk.codeFor(key))
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 4 }, () => 'unavailable'))
    await expectNothingUnhandled()
    await repair()
    expect([await desk.codeFor(known), await desk.codeFor(cold)]).toEqual(['valid', 'valid'])
    await expectNothingUnhandled()
  })
})

function times3(what: string): string[] {
  return [what, what, what]
}
