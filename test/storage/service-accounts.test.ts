import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { engines, freshStorage, identityRow, keyRow, land, plusMs, userRow } from './engines.ts'

describe.each(engines)('service accounts on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
  })
  afterAll(() => context.end())

  const insertUser = async (change: Parameters<typeof userRow>[0] = {}) => {
    const user = userRow(change)
    await land(storage, (tx) => [storage.users.insert(tx, user)])
    return user
  }
  const machine = (change: Parameters<typeof userRow>[0] = {}) =>
    insertUser({ kind: 'service', email: null, ...change })

  test('without anybody active who answers are counted and listed; people and disabled ones are not counted', async () => {
    const [active, disabled] = [await insertUser(), await insertUser({ status: 'disabled' })]
    const answered = await machine({ responsibleId: active.id })
    const lost = [
      await machine(),
      await machine({ responsibleId: disabled.id }),
      await machine({ responsibleId: 'usr_nobody' }),
    ]
    const off = await machine({ status: 'disabled' })
    expect(await storage.users.serviceAccountsWithoutResponsible()).toBe(3)
    const { rows } = await storage.users.page({ isUnanswered: true, limit: 200, after: null })
    expect(rows.map(({ id }) => id).sort()).toEqual([...lost, off].map(({ id }) => id).sort())
    const ofActive = await storage.users.page({ responsibleId: active.id, limit: 200, after: null })
    expect(ofActive.rows).toEqual([answered])
    expect(await storage.users.idsAnsweredBy(active.id)).toEqual([answered.id])
  })

  test('that somebody leaves get a new version, those of others stay as they are', async () => {
    const [leaver, other] = [await insertUser(), await insertUser()]
    const [first, second] = [
      await machine({ responsibleId: leaver.id }),
      await machine({ responsibleId: leaver.id, status: 'disabled' }),
    ]
    const kept = await machine({ responsibleId: other.id })
    const leave = (rows: number) =>
      storage.atomically((tx) => [
        { statement: storage.users.leaveUnanswered(tx, leaver.id, plusMs(5)), rows },
      ])
    expect(await leave(1)).toBe(false)
    expect(await storage.users.find(first.id)).toEqual(first)
    expect(await leave(2)).toBe(true)
    for (const user of [first, second])
      expect(await storage.users.find(user.id)).toEqual({
        ...user,
        responsibleId: null,
        version: 2,
        updatedAt: plusMs(5),
      })
    expect(await storage.users.find(kept.id)).toEqual(kept)
  })

  test('are changed and erased with who answers, unless changed since', async () => {
    const person = await insertUser()
    const user = await machine({ responsibleId: person.id })
    const change = { ...user, name: 'Renamed', responsibleId: null, updatedAt: plusMs(1) }
    const update = () =>
      storage.atomically((tx) => [{ statement: storage.users.update(tx, change), rows: 1 }])
    expect([await update(), await update()]).toEqual([true, false])
    expect(await storage.users.find(user.id)).toEqual({ ...change, version: 2 })
    const again = await machine({ responsibleId: person.id })
    await land(storage, (tx) => [storage.users.erase(tx, again, plusMs(1))])
    expect(await storage.users.find(again.id)).toMatchObject({ responsibleId: null, status: 'erased' })
  })

  test('and people are found many at once, each once; nobody is found for no ids', async () => {
    const [one, two] = [await insertUser(), await machine()]
    const found = await storage.users.findAll([one.id, two.id, one.id, 'usr_nobody', "' OR 1=1 --"])
    expect(new Map(found.map((user) => [user.id, user]))).toEqual(
      new Map([
        [one.id, one],
        [two.id, two],
      ]),
    )
    expect(found).toHaveLength(2)
    expect(await storage.users.findAll([])).toEqual([])
  })
})

describe.each(engines)('what a list of users shows, on $name', (engine) => {
  test('is the latest sign-in and the number of live keys of each, and nothing of others', async () => {
    const { storage, end } = await freshStorage(engine)
    const users = [userRow(), userRow(), userRow()] as const
    const [first, second, other] = users
    const identities = [
      identityRow(first, { lastSignInAt: plusMs(2) }),
      identityRow(first, { lastSignInAt: plusMs(7), subject: 'x', email: 'x@corp.com' }),
      identityRow(other, { lastSignInAt: plusMs(9) }),
    ]
    const keys = [
      keyRow(first),
      keyRow(first, { expiresAt: plusMs(10) }),
      keyRow(first, { expiresAt: plusMs(1) }),
      keyRow(first, { revokedAt: plusMs(0) }),
      keyRow(other),
    ]
    await land(storage, (tx) => [
      ...users.map((user) => storage.users.insert(tx, user)),
      ...identities.map((identity) => storage.identities.insert(tx, identity)),
      ...keys.map((key) => storage.keys.insert(tx, key)),
    ])
    const ids = [first.id, second.id]
    expect(await storage.identities.lastSignInsOf(ids)).toEqual(new Map([[first.id, plusMs(7)]]))
    expect(await storage.keys.countLiveOf(ids, plusMs(5))).toEqual(new Map([[first.id, 2]]))
    expect(await storage.identities.lastSignInsOf([])).toEqual(new Map())
    await end()
  })
})
