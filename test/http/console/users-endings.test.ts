import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { person } from '../admin/people-context.ts'
import { problemOn, startConsoleOfUsers, type UsersContext, unchanged } from './users-context.ts'

let context: UsersContext
beforeEach(async () => {
  context = await startConsoleOfUsers()
})
afterEach(() => context.close())

const versionOf = async (id: string) => String((await context.user(id)).version)
const lastOf = async (action: string) => (await context.audit(action))[0]
const byBoss = (id: string) => ({ actor: `user:${context.bossId}`, target: `user:${id}` })
const own = () => `/console/users/${context.bossId}`

describe('an admin at the console', () => {
  test('disables a user, whose keys and sessions end with the answer, and enables again', async () => {
    const { id, key, jar, path } = await context.newcomer('ada')
    const disable = { status: 'disabled', version: await versionOf(id) }
    const location = await context.leadsTo(path, disable)
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual([
      'user_disabled',
      'unauthenticated',
    ])
    const page = await context.page(location)
    expect(page).toContain('The user is disabled')
    expect(page).not.toContain('Make a key')
    await context.leadsTo(path, { status: 'active', version: await versionOf(id) })
    expect(await context.codeFor(key)).toBe('valid')
    expect(await lastOf('user.disabled')).toMatchObject(byBoss(id))
    expect(await lastOf('user.enabled')).toMatchObject(byBoss(id))
  })

  test('revokes everything, and erases', async () => {
    const { id, key, jar, path } = await context.newcomer('ada')
    await context.leadsTo(`${path}/revoke-everything`, {})
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual([
      'revoked_key',
      'unauthenticated',
    ])
    expect(await lastOf('user.everything_revoked')).toMatchObject(byBoss(id))
    const location = await context.leadsTo(`${path}/erase`, { version: await versionOf(id) })
    expect(location).toBe('/console/users?done=user_erased')
    expect(await context.page(location)).not.toContain('ada@example.com')
    expect(await lastOf('user.erased')).toMatchObject(byBoss(id))
  })

  test('ends one session, and then all of them', async () => {
    const { id, jar, path } = await context.newcomer('ada')
    const other = await context.browserOf(person('ada'))
    const { session } = await json(await jar.fetch('/auth/session'))
    await context.leadsTo(`${path}/sessions/${session.id}/end`, {})
    expect([await context.stateOf(jar), await context.stateOf(other)]).toEqual(['unauthenticated', 'valid'])
    expect(await lastOf('session.ended')).toMatchObject({
      ...byBoss(id),
      facts: { session_id: session.id },
    })
    await context.leadsTo(`${path}/sessions/end`, {})
    expect(await context.stateOf(other)).toBe('unauthenticated')
    expect(await lastOf('sessions.ended')).toMatchObject(byBoss(id))
  })

  test('ends no session of one user on the page of another', async () => {
    const { path } = await context.newcomer('ada')
    const { jar } = await context.newcomer('bob')
    const { session } = await json(await jar.fetch('/auth/session'))
    await context.expectNothing({ status: 404 }, `${path}/sessions/${session.id}/end`, {})
    expect(await context.stateOf(jar)).toBe('valid')
  })

  test('approves another account and removes one; the last one stays', async () => {
    const { id, path } = await context.newcomer('ada')
    const second = person('ada', { sub: 'second', email: 'ada.second@example.com' })
    await context.leadsTo(`${path}/identities`, { email: 'ada.second@example.com', provider: 'google' })
    await context.keyOf(second)
    const { identities } = await context.user(id)
    expect(identities).toHaveLength(2)
    expect(await lastOf('identity.approved')).toMatchObject({ actor: byBoss(id).actor })
    await context.leadsTo(`${path}/identities/${identities[0].id}/remove`, {})
    expect(await lastOf('identity.removed')).toMatchObject(byBoss(id))
    const page = await context.page(path)
    expect(page).not.toContain('Remove this account')
    const last = `${path}/identities/${identities[1].id}/remove`
    const says = 'the only way in which the user signs in'
    await context.expectNothing({ status: 409, says }, last, {})
    const taken = { email: 'boss@example.com', provider: 'google' }
    await context.expectNothing({ status: 409, says: 'another user' }, `${path}/identities`, taken)
    for (const [says, fields] of [
      ['email', { email: 'x', provider: 'google' }],
      ['provider', { email: 'x@example.com', provider: 'gitlab' }],
    ] as const)
      await context.expectNothing({ status: 400, says }, `${path}/identities`, fields)
  })
})

describe('the last admin', () => {
  const ways: [string, string, (version: string) => Record<string, string>][] = [
    ['demoted', '', (version) => ({ version, role: 'member' })],
    ['disabled', '', (version) => ({ version, status: 'disabled' })],
    ['erased', '/erase', (version) => ({ version })],
  ]
  test.each(ways)('is not %s by themselves: the page says why', async (_, what, fieldsOf) => {
    const fields = fieldsOf(await versionOf(context.bossId))
    const page = await context.expectNothing({ status: 409 }, `${own()}${what}`, fields)
    expect(problemOn(page)).toContain('This is the last admin. Make somebody else an admin first.')
  })

  test.each(ways)(
    'but one can be %s by themselves, and is out of the console then',
    async (_, what, fieldsOf) => {
      await context.browserOf(person('deputy'))
      const fields = fieldsOf(await versionOf(context.bossId))
      const location = await context.leadsTo(`${own()}${what}`, fields)
      expect(['/', '/account']).toContain(location)
      expect([303, 401, 403]).toContain((await context.boss.fetch('/console/users')).status)
    },
  )
})

describe('whoever looks at themselves', () => {
  test('is told what would cut them off, and cannot give up the role in passing', async () => {
    const page = await context.page(own())
    for (const text of [
      'This is you.',
      'You stop being an administrator.',
      'This is you: you are signed out at once',
      'only another administrator',
      'This browser',
      'You are signed out of every browser',
    ])
      expect(page).toContain(text)
    expect(page).not.toContain('<select id="f-role"')
    const { role: _, ...fields } = { ...unchanged, groups: 'desk', version: await versionOf(context.bossId) }
    await context.leadsTo(own(), fields)
    expect(await context.user(context.bossId)).toMatchObject({ role: 'admin', groups: ['desk'] })
  })

  test.each(['/sessions/end', '/revoke-everything'])('is led out of the console by %s', async (what) => {
    expect(await context.leadsTo(`${own()}${what}`, {})).toBe('/')
    expect(await context.stateOf(context.boss)).toBe('unauthenticated')
  })
})
