import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { postForm } from '../standards/standards-context.ts'
import { type AccountContext, makeKey, mintFor, startAccounts } from './account-context.ts'

const dayMs = 86_400_000
const notice = /<section[^>]*class="slot notice problem".*?<\/section>/s

describe('the owner of a key that somebody found and stopped', () => {
  let context: AccountContext
  beforeAll(async () => {
    context = await startAccounts({ SELF_SERVICE_KEYS_MAX: '20' })
  })
  afterAll(() => context?.close())
  const stop = (token: string) =>
    postForm(context.gateway, '/v1/revoke', { token }, { 'x-forwarded-for': '203.0.113.7' })
  const asAdmin = (method: string, path: string, body?: object) =>
    context.gateway.asAdmin(path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  test('reads on the account page which key it was, when, from where, and what to do, for 30 days', async () => {
    const alice = await context.person('alice@example.com')
    const noticeOn = async () => notice.exec(await (await alice.jar.fetch('/account')).text())?.[0]
    const { keyText, id } = await makeKey(alice, { name: 'nightly export' })
    expect(await noticeOn()).toBeUndefined()
    expect((await stop(keyText)).status).toBe(200)
    const stoppedAgo = (ms: number) =>
      context.gateway.database.change(
        'UPDATE api_keys SET revoked_at = ? WHERE id = ?',
        new Date(Date.now() - ms),
        id,
      )
    await stoppedAgo(3 * 3_600_000)
    const told = await noticeOn()
    for (const text of [
      'nightly export',
      id,
      '3 hours ago',
      '203.0.113.7',
      '/account/keys/new',
      'had leaked',
    ])
      expect(told).toContain(text)
    expect(told).toContain(`href="/account/keys/${id}"`)
    expect(told).not.toContain(keyText.slice(16))
    await stoppedAgo(30 * dayMs - 60_000)
    expect(await noticeOn()).toContain('nightly export')
    await stoppedAgo(30 * dayMs)
    expect(await noticeOn()).toBeUndefined()
  })

  test('is not told of keys that were revoked in any other way, in whatever words', async () => {
    const ada = await context.person('ada@example.com')
    const reason = encodeURIComponent('stopped by somebody who holds it')
    const byAdmin = await makeKey(ada, { name: 'by an admin' })
    expect((await asAdmin('DELETE', `/admin/keys/${byAdmin.id}?reason=${reason}`)).status).toBe(204)
    const before = await makeKey(ada, { name: 'before' })
    await asAdmin('DELETE', `/admin/keys/${before.id}?reason=laptop`)
    expect((await stop(before.keyText)).status).toBe(200)
    const { id: ownId, keyText: admins } = await mintFor(context.gateway, ada.id, {
      scopes: ['keydesk:keys.revoke'],
    })
    const byItself = await context.gateway.fetch(`/admin/keys/${ownId}`, {
      method: 'DELETE',
      headers: { 'x-api-key': admins },
    })
    expect(byItself.status).toBe(204)
    expect(await (await ada.jar.fetch('/account')).text()).not.toMatch(notice)
  })

  test('of a service account is whoever answers for it; and admins read it on the page of the account', async () => {
    const [alice, ada] = [await context.person('alice@example.com'), await context.person('ada@example.com')]
    const made = await asAdmin('POST', '/admin/service-accounts', {
      name: 'deploy bot',
      responsible_user_id: alice.id,
    })
    const { id: accountId } = await json(made)
    const { id, keyText } = await mintFor(context.gateway, accountId, { name: 'ci' })
    await stop(keyText)
    const told = notice.exec(await (await alice.jar.fetch('/account')).text())?.[0]
    expect(told).toContain('of deploy bot, stopped')
    expect(told).not.toContain(`/account/keys/${id}`)
    const page = await (await ada.jar.fetch(`/console/users/${accountId}`)).text()
    const shown = notice.exec(page)?.[0]
    expect(shown).toContain(`href="/console/keys/${id}"`)
    expect(shown).toContain('203.0.113.7')
    expect(await (await ada.jar.fetch('/account')).text()).not.toMatch(notice)
  })
})
