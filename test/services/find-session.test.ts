import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newSessionSecret, sessionSecretHash } from '../../src/domain/session-secret.ts'
import { createAccess } from '../../src/services/access-policies.ts'
import { createFindSession, type FindSession } from '../../src/services/find-session.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { Statement, Writer } from '../../src/storage/query.ts'
import type { Session } from '../../src/storage/sessions.ts'
import { createStorage, type Storage } from '../../src/storage/storage.ts'
import { accessRuleRow, sessionRow } from '../storage/access-rows.ts'
import { engines, identityRow, land, plusMs, userRow } from '../storage/engines.ts'
import { notingDatabase } from '../storage/explained-queries.ts'
import type { TestDatabase } from '../support/test-database.ts'

const minute = 60_000
const idleMs = 60 * minute

/** Two processes on one database, each with a memory of its own. */
describe.each(engines)('sessions that are remembered, on $name', (engine) => {
  let database: TestDatabase
  let here: Process
  let there: Process
  let clockMs: number
  let secret: string
  let appSecret: string
  let session: Session
  const user = userRow({ role: 'admin' })
  const identity = identityRow(user)

  interface Process {
    readonly storage: Storage
    readonly findSession: FindSession
    /** How many selects it has carried out. */
    queries(): number
    /** How many lists it has written that nobody is told of. */
    touches(): number
  }

  async function startProcess(): Promise<Process> {
    const noting = notingDatabase(await openDatabase(database.url, { connectMs: 5000, statementMs: 5000 }))
    let touches = 0
    const opened = createStorage(noting.database)
    const storage: Storage = {
      ...opened,
      atomicallyUnnoticed: (list) => {
        touches += 1
        return opened.atomicallyUnnoticed(list)
      },
    }
    const now = () => plusMs(clockMs)
    const settled = { rules: [], admins: [], isOpenWithoutRules: true, issuers: null }
    const access = createAccess({ storage, settled, allowlist: null, now })
    const findSession = createFindSession({ storage, access, idleSecondsMax: idleMs / 1000, now })
    return { storage, findSession, queries: () => noting.asked.length, touches: () => touches }
  }

  beforeEach(async () => {
    database = await engine.create()
    clockMs = 0
    here = await startProcess()
    there = await startProcess()
    secret = newSessionSecret()
    appSecret = newSessionSecret()
    session = sessionRow(user, {
      secretHash: sessionSecretHash(secret) ?? '',
      appSecretHash: sessionSecretHash(appSecret),
      expiresAt: plusMs(24 * idleMs),
    })
    await land(here.storage, (tx) => [
      here.storage.users.insert(tx, user),
      here.storage.identities.insert(tx, identity),
      here.storage.sessions.insert(tx, session),
    ])
    // Who hears of it later reads once more, which is right, and would be counted.
    await here.storage.confirmChanges()
  })
  afterEach(async () => {
    await here.storage.close()
    await there.storage.close()
    await database.drop()
  })

  const ways = ({ findSession }: Process) => [
    () => findSession(secret),
    () => findSession.byApp(appSecret),
    () => findSession.byId(session.id),
  ]
  /** What both processes say, by each of the three ways. */
  async function everywhere(): Promise<string[]> {
    const outcomes: string[] = []
    for (const process of [here, there]) for (const ask of ways(process)) outcomes.push((await ask()).outcome)
    return outcomes
  }
  const all = (outcome: string) => Array.from({ length: 6 }, () => outcome)
  /** A change that is acknowledged as services do it. */
  async function acknowledged(by: Process, list: (tx: Writer) => readonly Statement[]) {
    await land(by.storage, list)
    await by.storage.confirmChanges()
  }

  test('make no query, whichever way they are asked for, until something of them changes', async () => {
    await everywhere()
    await everywhere()
    const before = [here.queries(), there.queries()]
    for (let round = 0; round < 20; round += 1) expect(await everywhere()).toEqual(all('valid'))
    expect([here.queries(), there.queries()]).toEqual(before)
    const other = userRow()
    await acknowledged(here, (tx) => [here.storage.users.insert(tx, other)])
    await acknowledged(here, (tx) => [here.storage.sessions.insert(tx, sessionRow(other))])
    // What is somebody else's costs nothing in the process that wrote it.
    await here.findSession(secret)
    expect(here.queries()).toBe(before[0])
  })

  test('are read twice at most for 500 questions at once, by a process that has not seen them yet', async () => {
    for (const ask of ways(there)) {
      const before = there.queries()
      const readings = await Promise.all(Array.from({ length: 500 }, ask))
      expect(new Set(readings.map(({ outcome }) => outcome))).toEqual(new Set(['valid']))
      expect(there.queries() - before).toBeLessThanOrEqual(4)
    }
  })

  test.each([
    ['ended', (s: Storage, tx: Writer) => s.sessions.end(tx, session.id), 'none'],
    ['ended with the user’s others', (s: Storage, tx: Writer) => s.sessions.endOfUser(tx, user.id), 'none'],
    ['ended with everybody’s', (s: Storage, tx: Writer) => s.sessions.endAll(tx), 'none'],
    ['cleared away', (s: Storage, tx: Writer) => s.sessions.prune(tx, plusMs(99 * idleMs)), 'none'],
    ['pushed out by newer ones', (s: Storage, tx: Writer) => s.sessions.endAllBut(tx, user.id, 0), 'none'],
    [
      'of a user who is disabled',
      (s: Storage, tx: Writer) => s.users.update(tx, { ...user, status: 'disabled' }),
      'user_disabled',
    ],
    [
      'of an address that a rule denies',
      (s: Storage, tx: Writer) =>
        s.accessRules.insert(tx, accessRuleRow({ kind: 'deny_email', value: identity.email })),
      'owner_not_allowed',
    ],
    [
      'of an address that the provider took back',
      (s: Storage, tx: Writer) => s.identities.updateSeen(tx, { ...identity, emailVerified: false }),
      'owner_not_allowed',
    ],
    [
      'of a user without an identity',
      (s: Storage, tx: Writer) => s.identities.removeOfUser(tx, user.id),
      'owner_not_allowed',
    ],
  ])('and are %s open nothing at the next question, whichever process did it', async (_, change, outcome) => {
    expect(await everywhere()).toEqual(all('valid'))
    await acknowledged(there, (tx) => [change(there.storage, tx)])
    expect(await everywhere()).toEqual(all(outcome))
  })

  test('say what their user is as of now', async () => {
    await everywhere()
    await acknowledged(there, (tx) => [
      there.storage.users.update(tx, { ...user, role: 'member', groups: ['ops'] }),
    ])
    for (const process of [here, there])
      for (const ask of ways(process))
        expect(await ask()).toMatchObject({ user: { role: 'member', groups: ['ops'] } })
  })

  test('of a value that nobody was given are nobody’s, cost one query each, and push none out', async () => {
    await here.findSession(secret)
    await here.findSession.byApp(appSecret)
    const before = here.queries()
    for (let n = 0; n < 1000; n += 1)
      expect((await here.findSession(newSessionSecret())).outcome).toBe('none')
    expect(here.queries() - before).toBe(1000)
    // Neither value opens the door of the other, and a text of another form is not even looked up.
    expect((await here.findSession(appSecret)).outcome).toBe('none')
    expect((await here.findSession.byApp(secret)).outcome).toBe('none')
    const looked = here.queries()
    for (const text of ['', secret.slice(1), `${secret}=`, `${secret} `])
      expect((await here.findSession(text)).outcome).toBe('none')
    expect((await here.findSession(secret)).outcome).toBe('valid')
    expect((await here.findSession.byApp(appSecret)).outcome).toBe('valid')
    expect(here.queries()).toBe(looked)
  })

  test('end by idleness to the millisecond, and live on by what another process saw of them', async () => {
    expect(await everywhere()).toEqual(all('valid'))
    clockMs = 50 * minute
    expect((await here.findSession(secret)).outcome).toBe('valid')
    // Only the other process was used since; this one has seen it at the beginning.
    clockMs = 50 * minute + idleMs - 1
    expect((await there.findSession.byId(session.id)).outcome).toBe('valid')
    clockMs += 1
    expect(await everywhere()).toEqual(all('none'))
  })

  test('are used by a browser, and not by a JWT: that keeps nobody signed in', async () => {
    for (const ask of ways(here)) await ask()
    clockMs = idleMs - 1
    const reading = await here.findSession.byId(session.id)
    expect(reading).toMatchObject({ outcome: 'valid', idleUntil: plusMs(idleMs) })
    clockMs = idleMs
    expect((await here.findSession.byId(session.id)).outcome).toBe('none')
    expect((await here.findSession(secret)).outcome).toBe('none')
    clockMs = idleMs - 1
    expect(await here.findSession.byApp(appSecret)).toMatchObject({ idleUntil: plusMs(2 * idleMs - 1) })
    clockMs = idleMs + minute
    expect((await here.findSession.byId(session.id)).outcome).toBe('valid')
  })

  test('are written down once a minute, and not at every use', async () => {
    const lastSeen = async () => (await there.storage.sessions.findBySecret(session.secretHash))?.session
    for (const [atMs, seenMs] of [
      [0, 0],
      [minute - 1, 0],
      [minute, minute],
      [2 * minute - 1, minute],
      [2 * minute, 2 * minute],
    ] as const) {
      clockMs = atMs
      expect((await here.findSession(secret)).outcome).toBe('valid')
      expect((await lastSeen())?.lastSeenAt).toEqual(plusMs(seenMs))
    }
    // The memory knows of its own writing: no query, and no second one.
    const before = here.queries()
    await here.findSession(secret)
    expect(here.queries()).toBe(before)
  })

  test('are written down once for all who use them at the same time', async () => {
    await here.findSession(secret)
    for (let round = 1; round <= 3; round += 1) {
      clockMs = round * 2 * minute
      const asked = Array.from({ length: 200 }, () => here.findSession(secret))
      for (const { outcome } of await Promise.all(asked)) expect(outcome).toBe('valid')
      expect(here.touches()).toBe(round)
    }
  })

  test('and end while 200 questions run let none in that began afterwards', async () => {
    await everywhere()
    for (const [ending, asked] of [
      [here, there],
      [there, here],
    ] as const) {
      const own = sessionRow(user, { secretHash: sessionSecretHash(newSessionSecret()) ?? '' })
      await acknowledged(ending, (tx) => [ending.storage.sessions.insert(tx, own)])
      let isOver = false
      const wrong: string[] = []
      const askOn = async () => {
        let after = 0
        for (let round = 0; round < 20 && after < 2; round += 1) {
          const beganAfter = isOver
          const { outcome } = await asked.findSession.byId(own.id)
          if (!beganAfter) continue
          after += 1
          if (outcome !== 'none') wrong.push(outcome)
        }
      }
      const asking = Promise.all(Array.from({ length: 200 }, askOn))
      await acknowledged(ending, (tx) => [ending.storage.sessions.end(tx, own.id)])
      isOver = true
      expect((await asked.findSession.byId(own.id)).outcome).toBe('none')
      await asking
      expect(wrong).toEqual([])
    }
  })
})
