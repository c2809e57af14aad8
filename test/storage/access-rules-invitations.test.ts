import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { accessRuleRow, allowlistCopyRow, invitationRow } from './access-rows.ts'
import { baseTime, engines, freshStorage, identityRow, land, plusMs, userRow } from './engines.ts'

const accessRulesChange = 'access_rules'

describe.each(engines)('access rules on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeEach(async () => {
    context = await freshStorage(engine)
    storage = context.storage
  })
  afterEach(() => context.end())

  const insert = async (change: Parameters<typeof accessRuleRow>[0] = {}) => {
    const rule = accessRuleRow(change)
    await land(storage, (tx) => [storage.accessRules.insert(tx, rule)])
    return rule
  }

  test('read back as written, one and all, oldest first', async () => {
    const newer = await insert({
      createdAt: plusMs(5),
      note: 'für Ada 🔑',
      kind: 'deny_email',
      provider: '*',
    })
    const older = await insert({ kind: 'allow_domain', value: 'corp.com' })
    expect(await storage.accessRules.find(newer.id)).toEqual(newer)
    expect(await storage.accessRules.all()).toEqual([older, newer])
    for (const id of ['', 'rul_', "' OR 1=1 --", newer.id.toLowerCase().slice(0, -1)])
      expect(await storage.accessRules.find(id)).toBeNull()
  })

  test('are there once by kind, provider and value', async () => {
    const rule = await insert({ value: 'ada@corp.com' })
    const again = { ...rule, id: 'rul_again', note: 'again' }
    expect(await storage.atomically((tx) => [storage.accessRules.insert(tx, again)])).toBe(false)
    await land(storage, (tx) => [storage.accessRules.insertOnce(tx, again)])
    expect(await storage.accessRules.all()).toEqual([rule])
    await insert({ value: 'ada@corp.com', provider: 'okta' })
    await insert({ value: 'ada@corp.com', kind: 'deny_email' })
    expect(await storage.accessRules.all()).toHaveLength(3)
  })

  test('are removed by id, once, and no other with them', async () => {
    const rule = await insert({ value: 'ada@corp.com' })
    const deny = await insert({ value: 'ada@corp.com', kind: 'deny_email' })
    const okta = await insert({ value: 'ada@corp.com', provider: 'okta' })
    const other = await insert({ value: 'bob@corp.com' })
    await land(storage, (tx) => [storage.accessRules.remove(tx, rule.id)])
    const left = (await storage.accessRules.all()).map(({ id }) => id).sort()
    expect(left).toEqual([deny.id, okta.id, other.id].sort())
    const remove = () =>
      storage.atomically((tx) => [{ statement: storage.accessRules.remove(tx, other.id), rows: 1 }])
    expect([await remove(), await remove()]).toEqual([true, false])
    expect(await storage.accessRules.find(rule.id)).toBeNull()
  })

  test('come page by page, newest first, complete among equal times', async () => {
    const rules = []
    for (let index = 0; index < 7; index += 1) rules.push(await insert({ createdAt: plusMs(index % 2) }))
    const seen: string[] = []
    let after: { at: Date; id: string } | null = null
    do {
      const page: Awaited<ReturnType<Storage['accessRules']['page']>> = await storage.accessRules.page({
        limit: 2,
        after,
      })
      seen.push(...page.rows.map(({ id }) => id))
      const last = page.rows.at(-1)
      after = page.nextCursor === null || last === undefined ? null : { at: last.createdAt, id: last.id }
    } while (after !== null)
    expect([...seen].sort()).toEqual(rules.map(({ id }) => id).sort())
    expect(seen).toHaveLength(7)
  })

  test('and the list are told to whoever remembers them, also by another process', async () => {
    const other = await openStorage(context.url, { connectMs: 5000, statementMs: 5000 })
    try {
      const rule = accessRuleRow()
      const changes: Parameters<Storage['atomically']>[0][] = [
        (tx) => [other.accessRules.insert(tx, rule)],
        (tx) => [other.accessRules.insertOnce(tx, accessRuleRow())],
        (tx) => [other.accessRules.remove(tx, rule.id)],
        (tx) => [other.accessRules.keepAllowlistCopy(tx, allowlistCopyRow())],
        (tx) => [other.accessRules.keepAllowlistCopy(tx, allowlistCopyRow({ fetchedAt: plusMs(1) }))],
      ]
      for (const change of changes) {
        const generation = await storage.generation()
        expect(storage.changedSince(generation, [accessRulesChange])).toBe(false)
        await land(other, change as never)
        await other.confirmChanges()
        await storage.generation()
        expect(storage.changedSince(generation, [accessRulesChange])).toBe(true)
      }
    } finally {
      await other.close()
    }
  })

  test('the copy of the list is one, and the last one', async () => {
    expect(await storage.accessRules.allowlistCopy()).toBeNull()
    const first = allowlistCopyRow()
    await land(storage, (tx) => [storage.accessRules.keepAllowlistCopy(tx, first)])
    expect(await storage.accessRules.allowlistCopy()).toEqual(first)
    const second = {
      ...first,
      urlHash: 'another-hash',
      domains: [],
      emails: ['google ada@corp.com'],
      etag: null,
    }
    await land(storage, (tx) => [storage.accessRules.keepAllowlistCopy(tx, second)])
    expect(await storage.accessRules.allowlistCopy()).toEqual(second)
  })
})

describe.each(engines)('invitations on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeEach(async () => {
    context = await freshStorage(engine)
    storage = context.storage
  })
  afterEach(() => context.end())

  const insert = async (change: Parameters<typeof invitationRow>[0] = {}) => {
    const invitation = invitationRow(change)
    await land(storage, (tx) => [storage.invitations.insert(tx, invitation)])
    return invitation
  }
  const invitations = () => storage.invitations

  test('are found by exactly their provider and address, until they expire', async () => {
    const made = await insert({ email: 'ada@corp.com', groups: ['a', 'b'] })
    const find = (email: string, provider = 'google', at = baseTime) =>
      invitations().findOpen(provider, email, at)
    expect(await find('ada@corp.com')).toEqual(made)
    expect(await find('ada@corp.com', 'google', plusMs(999))).toEqual(made)
    expect(await find('ada@corp.com', 'google', plusMs(1000))).toBeNull()
    for (const email of ['ADA@corp.com', 'ada@corp.co', '%', "' OR 1=1 --"])
      expect(await find(email)).toBeNull()
    expect(await find('ada@corp.com', 'okta')).toBeNull()
    expect(await invitations().anyOpen('google', baseTime)).toBe(true)
    expect(await invitations().anyOpen('okta', baseTime)).toBe(false)
    expect(await invitations().anyOpen('google', plusMs(1000))).toBe(false)
  })

  test('are one for an address at a provider; an expired one makes room', async () => {
    const made = await insert({ email: 'ada@corp.com' })
    const again = invitationRow({ email: 'ada@corp.com' })
    const replace = (at: Date) =>
      storage.atomically((tx) => [
        invitations().removeExpired(tx, 'google', 'ada@corp.com', at),
        invitations().insert(tx, again),
      ])
    expect(await replace(plusMs(999))).toBe(false)
    expect(await invitations().find(made.id)).toEqual(made)
    expect(await replace(plusMs(1000))).toBe(true)
    expect(await invitations().find(made.id)).toBeNull()
    await insert({ email: 'ada@corp.com', provider: 'okta' })
  })

  test('are taken up once, by one of fifty, and not when they have expired', async () => {
    const { id } = await insert()
    const take = (at: Date) =>
      storage.atomically((tx) => [{ statement: invitations().take(tx, id, at), rows: 1 }])
    expect(await take(plusMs(1000))).toBe(false)
    const landed = await Promise.all(Array.from({ length: 50 }, () => take(baseTime)))
    expect(landed.filter((one) => one)).toHaveLength(1)
    expect(await invitations().find(id)).toBeNull()
  })

  test('of a user, and of addresses, go together; others stay', async () => {
    const user = userRow()
    await land(storage, (tx) => [
      storage.users.insert(tx, user),
      storage.identities.insert(tx, identityRow(user)),
    ])
    await insert({ userId: user.id })
    await insert({ email: 'ada@corp.com' })
    await insert({ email: 'ada@corp.com', provider: 'okta' })
    const other = await insert({ email: 'bob@corp.com' })
    await land(storage, (tx) => [invitations().removeOf(tx, user.id, ['ada@corp.com', 'x@corp.com'])])
    expect((await invitations().page({ limit: 9, after: null })).rows).toEqual([other])
    await land(storage, (tx) => [invitations().removeOf(tx, user.id, [])])
    expect(await invitations().find(other.id)).toEqual(other)
    const remove = () =>
      storage.atomically((tx) => [{ statement: invitations().remove(tx, other.id), rows: 1 }])
    expect([await remove(), await remove()]).toEqual([true, false])
  })
})
