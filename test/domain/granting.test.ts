import { describe, expect, test } from 'vitest'
import { type Grantor, grantRefusal } from '../../src/domain/granting.ts'
import { adminScopes, introspectScope, wholeAdminScope } from '../../src/domain/scopes.ts'

const person: Grantor = { actor: 'user:usr_admin', role: 'admin', ownScopes: null }
const masterKey: Grantor = { actor: 'master_key', role: 'admin', ownScopes: null }
const keyWith = (...ownScopes: string[]): Grantor => ({ actor: 'key:abc', role: 'admin', ownScopes })
const admin = { role: 'admin' }
const member = { role: 'member' }
const ofAdmins = [...adminScopes, wholeAdminScope]
const all = [...ofAdmins, introspectScope]

describe('who may put which scopes on a key', () => {
  test.each([
    ['the master key', masterKey],
    ['an admin in person', person],
    ['a key with the whole right', keyWith(wholeAdminScope)],
    ['a key that carries only the right to mint', keyWith('keydesk:keys.mint')],
    ['a key without any', keyWith()],
  ])('%s may put scopes that are not ours on anybody’s key', (_, grantor) => {
    for (const owner of [admin, member, { role: '' }]) {
      expect(grantRefusal([], owner, grantor)).toBeNull()
      expect(grantRefusal(['a', 'reports.read', 'keydesk', 'admin'], owner, grantor)).toBeNull()
    }
  })

  test.each([
    ['the master key', masterKey],
    ['an admin in person', person],
    ['a key with the whole right', keyWith(wholeAdminScope)],
    ['a key with the whole right and others', keyWith('a', 'keydesk:keys.read', wholeAdminScope)],
  ])('%s may put all of ours on the key of an admin', (_, grantor) => {
    expect(grantRefusal(all, admin, grantor)).toBeNull()
  })

  test.each(ofAdmins)('nobody may put %s on the key of somebody who is no admin', (scope) => {
    for (const grantor of [masterKey, person, keyWith(...all)]) {
      for (const role of ['member', '', 'Admin', 'owner']) {
        const refusal = grantRefusal(['a', introspectScope, scope], { role }, grantor)
        expect(refusal).toBe(`scopes: ${scope} needs an admin as the owner of the key`)
      }
    }
  })

  test('the right to ask about the keys of others may be on a member’s key, from who has it to give', () => {
    for (const grantor of [masterKey, person, keyWith(wholeAdminScope), keyWith(introspectScope)]) {
      expect(grantRefusal([introspectScope], member, grantor)).toBeNull()
    }
    const refusal = `scopes: the key that asks does not carry ${introspectScope} itself`
    for (const grantor of [keyWith(), keyWith(...adminScopes)]) {
      expect(grantRefusal([introspectScope], member, grantor)).toBe(refusal)
      expect(grantRefusal([introspectScope], admin, grantor)).toBe(refusal)
    }
  })

  test.each(all)('a key without %s cannot hand it out, whatever else it carries', (scope) => {
    const others = all.filter((each) => each !== scope && each !== wholeAdminScope)
    const refusal = `scopes: the key that asks does not carry ${scope} itself`
    expect(grantRefusal([scope], admin, keyWith(...others))).toBe(refusal)
    expect(grantRefusal(['a', scope], admin, keyWith())).toBe(refusal)
    expect(grantRefusal([...others, scope], admin, keyWith('a', ...others))).toBe(refusal)
  })

  test.each(all)('a key with %s can hand it out', (scope) => {
    expect(grantRefusal(['a', scope], admin, keyWith(scope))).toBeNull()
  })

  test.each(all)(
    'who is no admin hands out no %s, not even on the key of an admin, nor by a key that carries it',
    (scope) => {
      for (const ownScopes of [null, all]) {
        const grantor: Grantor = { actor: 'user:usr_staff', role: 'member', ownScopes }
        expect(grantRefusal(['a', scope], admin, grantor)).toBe(
          `scopes: ${scope} is handed out by admins only`,
        )
        expect(grantRefusal(['a', 'keydesk', 'admin'], member, grantor)).toBeNull()
      }
      const unknown = { actor: 'user:usr_staff', role: 'owner', ownScopes: null } as unknown as Grantor
      expect(grantRefusal([scope], admin, unknown)).not.toBeNull()
    },
  )

  test('every part of the whole right together is not the whole right', () => {
    expect(grantRefusal([wholeAdminScope], admin, keyWith(...adminScopes, introspectScope))).toContain(
      wholeAdminScope,
    )
  })

  test('a right is carried to the letter: no part, no wildcard and no look-alike of it counts', () => {
    for (const own of [
      'keydesk:keys',
      'keydesk:keys.*',
      'keydesk:',
      'KEYDESK:KEYS.READ',
      'keydesk:keys.read ',
    ]) {
      expect(grantRefusal(['keydesk:keys.read'], admin, keyWith(own))).not.toBeNull()
    }
  })

  test('a right that this version does not know is handed out only by who has everything, to an admin', () => {
    expect(grantRefusal(['keydesk:future'], member, masterKey)).not.toBeNull()
    expect(grantRefusal(['keydesk:future'], admin, keyWith(...adminScopes))).not.toBeNull()
    expect(grantRefusal(['keydesk:future'], admin, keyWith(wholeAdminScope))).toBeNull()
  })
})
