import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CookieJar } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { stateOf } from '../../support/negative-contract.ts'
import { fromOwnPage, type PeopleContext, person, request, startPeople } from './people-context.ts'

const path = '/admin/service-accounts'
let context: PeopleContext
let admin: CookieJar
/** The admin who sits at the browser; a member; and a service account for which the member answers. */
let [bossId, adaId, account] = ['', '', { id: '', version: 0 }]

beforeAll(async () => {
  context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' })
  admin = await context.browserOf(person('boss'))
  bossId = (await context.userOf('boss@example.com')).id
  await context.keyOf(person('ada'))
  adaId = (await context.userOf('ada@example.com')).id
})
beforeEach(async () => {
  account = await context.done('POST', path, { name: 'CI', responsible_user_id: adaId })
})
afterAll(() => context.close())

const ada = () => ({ id: adaId, name: 'ada Example', email: 'ada@example.com', status: 'active' })
const read = (id = account.id) => context.get(`/admin/users/${id}`)
const change = (body: object, id = account.id) => context.send('PATCH', `/admin/users/${id}`, body)
const found = async (query: string): Promise<string[]> =>
  (await context.get(`${path}?limit=200&${query}`)).data.map(({ id }: { id: string }) => id)
const lastEvent = async (action: string, id = account.id) =>
  (await context.audit(action)).find(({ target }) => target === `user:${id}`)

/** Holds that the answer is 400, names the field, and that nothing is changed. */
async function expectRefused(field: string, ask: () => Promise<Response>): Promise<void> {
  const before = await stateOf(context.gateway)
  const response = await ask()
  expect([response.status, (await json(response)).detail]).toEqual([400, expect.stringContaining(field)])
  expect(await stateOf(context.gateway)).toEqual(before)
}

describe('who answers for a service account', () => {
  test('is told with it, and is written down by id alone', async () => {
    expect(account).toMatchObject({ kind: 'service', responsible: ada(), version: 1 })
    expect(await read()).toMatchObject({ responsible: ada() })
    const event = await lastEvent('user.created')
    expect(event).toMatchObject({
      actor: 'master_key',
      facts: { kind: 'service', responsible_user_id: adaId },
    })
    expect(JSON.stringify(event.facts)).not.toMatch(/@|ada/)
  })

  test('is whoever makes it, unless another is named; the master key is nobody, and has to name one', async () => {
    const byHand = await admin.fetch(path, fromOwnPage('POST', { name: 'by hand' }))
    expect([byHand.status, (await json(byHand)).responsible.id]).toEqual([201, bossId])
    const named = { name: 'for another', responsible_user_id: adaId }
    expect((await json(await admin.fetch(path, fromOwnPage('POST', named)))).responsible.id).toBe(adaId)
    const minted = { user_id: bossId, name: 'k', scopes: ['keydesk:users.write'] }
    const { key_text: key } = await context.done('POST', '/admin/keys', minted)
    const init = request('POST', { name: 'by key' })
    const byKey = await context.gateway.fetch(path, {
      ...init,
      headers: { ...(init.headers as object), 'x-api-key': key },
    })
    expect([byKey.status, (await json(byKey)).responsible.id]).toEqual([201, bossId])
    await expectRefused('responsible_user_id', () => context.send('POST', path, { name: 'x' }))
  })

  test('is an active person: neither nobody, nor a machine, nor whoever is disabled or erased', async () => {
    await context.keyOf(person('off'))
    await context.keyOf(person('gone'))
    const [off, gone] = [await context.userOf('off@example.com'), await context.userOf('gone@example.com')]
    await context.done('PATCH', `/admin/users/${off.id}`, { status: 'disabled' })
    await context.done('DELETE', `/admin/users/${gone.id}`)
    for (const responsible_user_id of ['usr_nobody', account.id, off.id, gone.id, '', null, 7, [adaId]]) {
      const what = { responsible_user_id }
      await expectRefused('responsible_user_id', () => context.send('POST', path, { name: 'x', ...what }))
      await expectRefused('responsible_user_id', () => change(what))
    }
  })

  test('can be another from now on, with the name, and the trail tells from whom to whom', async () => {
    const response = await change({ responsible_user_id: bossId, name: 'CI of the boss' })
    expect([response.status, response.headers.get('etag')]).toEqual([200, '"2"'])
    expect(await json(response)).toMatchObject({ name: 'CI of the boss', responsible: { id: bossId } })
    expect((await lastEvent('user.updated')).facts).toEqual({
      changed: ['name', 'responsible_user_id'],
      before: { responsible_user_id: adaId },
      after: { responsible_user_id: bossId },
    })
  })

  test('is not for people, and neither is a name', async () => {
    for (const body of [{ responsible_user_id: bossId }, { name: 'New Name' }])
      await expectRefused(Object.keys(body)[0] ?? '', () => change(body, adaId))
    expect(await read(adaId)).toMatchObject({ responsible: null })
  })

  test('stands with its keys: in every answer of the admin API, by name alone for whoever holds the key', async () => {
    const { key, key_text: text } = await context.done('POST', '/admin/keys', {
      user_id: account.id,
      name: 'ci',
    })
    const owner = { id: account.id, kind: 'service', name: 'CI', email: null, responsible: ada() }
    expect(key.owner).toEqual(owner)
    expect((await context.get(`/admin/keys/${key.id}`)).owner).toEqual(owner)
    expect((await context.get(`/admin/keys?user_id=${account.id}`)).data[0].owner).toEqual(owner)
    expect((await context.done('PATCH', `/admin/keys/${key.id}`, { name: 'new' })).owner).toEqual(owner)
    const rotated = await context.done('POST', `/admin/keys/${key.id}/rotate`, {})
    expect([rotated.key.owner, rotated.retiring.owner]).toEqual([owner, owner])
    const own = await json(await context.gateway.fetch('/v1/key', { headers: { 'x-api-key': text } }))
    expect(own.user).toEqual({
      id: account.id,
      kind: 'service',
      name: 'CI',
      email: null,
      responsible: { name: 'ada Example' },
    })
    expect(own.key).not.toHaveProperty('owner')
    const ofAda = (await context.get(`/admin/keys?user_id=${adaId}`)).data[0].owner
    expect(ofAda).toMatchObject({ id: adaId, kind: 'person', email: 'ada@example.com', responsible: null })
  })
})

describe('when the person who answers goes', () => {
  test('a disabled one is still named, as disabled; the keys work on', async () => {
    await context.keyOf(person('leaver'))
    const { id } = await context.userOf('leaver@example.com')
    await change({ responsible_user_id: id })
    const { key_text: key } = await context.done('POST', '/admin/keys', { user_id: account.id, name: 'ci' })
    await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
    expect((await read()).responsible).toMatchObject({ id, status: 'disabled' })
    expect(await found('without_responsible=true')).toContain(account.id)
    expect(await context.codeFor(key)).toBe('valid')
    // What is not changed is not judged again.
    expect((await change({ responsible_user_id: id, groups: ['a'] })).status).toBe(200)
  })

  test('an erased one is nobody: every account says so, by a new version and in its own trail', async () => {
    await context.keyOf(person('erased'))
    const { id } = await context.userOf('erased@example.com')
    const other = await context.done('POST', path, { name: 'other', responsible_user_id: id })
    await change({ responsible_user_id: id })
    const { key } = await context.done('POST', '/admin/keys', { user_id: account.id, name: 'ci' })
    await context.done('DELETE', `/admin/users/${id}`)
    expect(await read()).toMatchObject({ responsible: null, version: 3, status: 'active' })
    expect(await read(other.id)).toMatchObject({ responsible: null, version: 2 })
    expect((await context.get(`/admin/keys/${key.id}`)).owner.responsible).toBeNull()
    const facts = { before: { responsible_user_id: id }, after: { responsible_user_id: null } }
    for (const lost of [account.id, other.id])
      expect(await lastEvent('user.updated', lost)).toMatchObject({
        facts: { ...facts, reason: 'user_erased' },
      })
    expect((await lastEvent('user.erased', id)).facts).toMatchObject({ service_accounts_left: 2 })
    const tag = await context.gateway.asAdmin(`/admin/users/${account.id}`, {
      ...request('PATCH', { groups: [] }),
      headers: { 'content-type': 'application/json', 'if-match': '"2"' },
    })
    expect(tag.status).toBe(412)
  })

  test('and is made the one who answers at the same moment, nobody erased is ever named', async () => {
    for (let round = 0; round < 5; round += 1) {
      const name = `racer${round}`
      await context.keyOf(person(name))
      const { id } = await context.userOf(`${name}@example.com`)
      const [made, changed, erased] = await Promise.all([
        context.send('POST', path, { name, responsible_user_id: id }),
        change({ responsible_user_id: id }),
        context.send('DELETE', `/admin/users/${id}`),
      ])
      expect([201, 400]).toContain(made.status)
      expect([200, 400]).toContain(changed.status)
      expect([204, 409]).toContain(erased.status)
      if (erased.status === 204) expect(await found(`responsible_user_id=${id}`)).toEqual([])
    }
  })
})

describe('the list of service accounts', () => {
  test('holds no person, newest first, page by page', async () => {
    const second = await context.done('POST', path, { name: 'second', responsible_user_id: adaId })
    const { data, next_cursor: cursor } = await context.get(`${path}?limit=1`)
    expect(data).toMatchObject([{ id: second.id, kind: 'service', responsible: ada() }])
    const next = await context.get(`${path}?limit=1&cursor=${cursor}`)
    expect(next.data).toMatchObject([{ id: account.id }])
    expect(await found('')).not.toContain(adaId)
  })

  test('is narrowed by name, status and who answers', async () => {
    const [mine] = [await context.done('POST', path, { name: 'Nightly 100%', responsible_user_id: bossId })]
    expect(await found('search=nightly%20100%25')).toEqual([mine.id])
    expect(await found(`responsible_user_id=${bossId}`)).toContain(mine.id)
    expect(await found(`responsible_user_id=${bossId}`)).not.toContain(account.id)
    expect(await found('without_responsible=true')).not.toContain(mine.id)
    expect(await found('without_responsible=false')).toContain(mine.id)
    await context.done('PATCH', `/admin/users/${mine.id}`, { status: 'disabled' })
    expect(await found('status=disabled')).toContain(mine.id)
    expect(await found('status=active')).not.toContain(mine.id)
    await context.done('DELETE', `/admin/users/${mine.id}`)
    expect(await found('')).not.toContain(mine.id)
  })

  test.each([
    'status=erased',
    'kind=person',
    'role=admin',
    'without_responsible=yes',
    'responsible_user_id=',
    'search=',
    'cursor=x',
    'limit=0',
  ])('%s is 400, and names the parameter', async (query) => {
    const response = await context.gateway.asAdmin(`${path}?${query}`)
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(query.split('=')[0])
  })
})

describe('one session of a user', () => {
  test('is ended alone, and only as a session of that user', async () => {
    const [first, second] = [await context.browserOf(person('ada')), await context.browserOf(person('ada'))]
    const { session } = await json(await first.fetch('/auth/session'))
    const end = (userId: string) => context.send('DELETE', `/admin/users/${userId}/sessions/${session.id}`)
    expect([(await end(bossId)).status, (await end('usr_x')).status]).toEqual([404, 404])
    expect(await context.stateOf(first)).toBe('valid')
    expect((await end(adaId)).status).toBe(204)
    expect([await context.stateOf(first), await context.stateOf(second)]).toEqual([
      'unauthenticated',
      'valid',
    ])
    expect((await end(adaId)).status).toBe(404)
    expect((await context.audit('session.ended'))[0]).toMatchObject({
      actor: 'master_key',
      target: `user:${adaId}`,
      facts: { session_id: session.id },
    })
  })
})
