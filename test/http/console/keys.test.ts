import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { fillIn, formOn, sendForm } from '../../support/page-forms.ts'
import { type ConsoleKeys, startConsoleKeys } from './keys-context.ts'

describe('one key in the console', () => {
  let desk: ConsoleKeys
  beforeAll(async () => {
    desk = await startConsoleKeys()
  })
  afterAll(() => desk?.close())

  const change = (id: string, fields: Record<string, string>) =>
    fillIn(desk.boss, `/console/keys/${id}`, `/console/keys/${id}`, fields)

  test('its form changes what it names, keeps the expiry, and leads back to the page', async () => {
    const { id, text } = await desk.mint({
      expires_at: '2099-01-02T03:04:05.678Z',
      metadata: { team: 'ops' },
    })
    const before = await desk.read(id)
    const response = await change(id, {
      name: 'renamed',
      scopes: 'reports:read, reports:write',
      rate_limit: '10',
      rate_window: '3600',
      allowed_addresses: '127.0.0.1\n10.0.0.0/8',
      metadata: '{"team": "web", "n": [1]}',
    })
    expect([response.status, response.headers.get('location')]).toEqual([
      303,
      `/console/keys/${id}?done=key_changed`,
    ])
    expect(await desk.read(id)).toEqual({
      ...before,
      name: 'renamed',
      scopes: ['reports:read', 'reports:write'],
      rate_limit: { limit: 10, window_seconds: 3600 },
      allowed_addresses: ['127.0.0.1', '10.0.0.0/8'],
      metadata: { team: 'web', n: [1] },
      version: before.version + 1,
    })
    expect(await desk.codeFor(text, '?scope=reports:write')).toBe('valid')
    expect(await desk.pageOf(`/console/keys/${id}?done=key_changed`)).toContain('The key is changed')
    const [event] = await desk.audit('key.updated')
    expect(event).toMatchObject({ actor: `user:${desk.bossId}`, target: `key:${id}` })
  })

  test('its form sent untouched changes nothing, and what was limited can be freed again', async () => {
    const { id } = await desk.mint({
      scopes: ['a'],
      rate_limit: { limit: 5, window_seconds: 10 },
      allowed_addresses: ['10.0.0.0/8'],
      expires_at: '2099-01-02T03:04:05.678Z',
    })
    const before = await desk.read(id)
    expect((await change(id, {})).status).toBe(303)
    expect(await desk.read(id)).toEqual(before)
    await change(id, { rate_limit: '', allowed_addresses: ' ', scopes: '', expires: 'never', metadata: '' })
    expect(await desk.read(id)).toMatchObject({
      rate_limit: null,
      allowed_addresses: null,
      scopes: [],
      expires_at: null,
      metadata: {},
    })
  })

  test('a day is the end of that day, and a number of days is counted from now', async () => {
    const { id } = await desk.mint()
    await change(id, { expires: 'day', expires_on: '2099-02-28' })
    expect((await desk.read(id)).expires_at).toBe('2099-02-28T23:59:59.000Z')
    const askedAt = Date.now()
    await change(id, { expires: '30' })
    const expiresAt = Date.parse((await desk.read(id)).expires_at)
    expect(expiresAt - askedAt).toBeGreaterThanOrEqual(30 * 86_400_000)
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(30 * 86_400_000)
  })

  test.each<[string, Record<string, string>, string]>([
    ['no name', { name: ' ' }, 'name:'],
    ['a scope that is none', { scopes: 'OK NOT' }, 'scopes.0:'],
    ['a reserved scope that there is not', { scopes: 'keydesk:everything' }, 'scopes.0:'],
    ['rights of admins for a member', { scopes: 'keydesk:admin' }, 'keydesk:admin needs an admin'],
    ['a day that is none', { expires: 'day', expires_on: '2099-02-30' }, 'expires_on:'],
    ['a day without the choice', { expires_on: '2099-02-28' }, 'expires_on:'],
    ['the choice without a day', { expires: 'day' }, 'expires_on:'],
    ['a day that has passed', { expires: 'day', expires_on: '2001-01-01' }, 'expires_at is in the past'],
    ['a limit of zero', { rate_limit: '0' }, 'rate_limit:'],
    ['a limit that is no number', { rate_limit: '1e3' }, 'rate_limit:'],
    ['a window of two days', { rate_limit: '1', rate_window: '172800' }, 'rate_window:'],
    ['a place instead of an address', { allowed_addresses: 'the office' }, 'allowed_addresses.0:'],
    ['metadata that is not JSON', { metadata: '{team}' }, 'metadata: is not JSON'],
    ['metadata that is a list', { metadata: '[1]' }, 'metadata:'],
    ['metadata over 4 KiB', { metadata: JSON.stringify({ a: 'x'.repeat(5000) }) }, 'metadata:'],
    ['an unknown field', { owner: 'me' }, 'owner'],
    ['a version that is none', { version: 'latest' }, 'version:'],
  ])('%s is 400, says so beside what was typed, and changes nothing', async (_, fields, said) => {
    const { id } = await desk.mint()
    const before = await desk.read(id)
    const response = await change(id, { name: 'typed by hand', ...fields })
    const page = await response.text()
    expect(response.status).toBe(400)
    expect(page).toContain('That was not done.')
    expect(page).toContain(said)
    if (fields.name === undefined && fields.version === undefined)
      expect(formOn(page, `/console/keys/${id}`).name).toBe('typed by hand')
    expect(await desk.read(id)).toEqual(before)
  })

  test('a form about another state of the key is 412, and shows what is there now', async () => {
    const { id } = await desk.mint()
    const path = `/console/keys/${id}`
    const form = formOn(await desk.pageOf(path), path)
    await desk.done('PATCH', `/admin${path.slice('/console'.length)}`, { name: 'by somebody else' })
    const response = await sendForm(desk.boss, path, { ...form, name: 'too late' })
    const page = await response.text()
    expect(response.status).toBe(412)
    expect(formOn(page, path)).toMatchObject({ name: 'by somebody else', version: '2' })
    expect((await desk.read(id)).name).toBe('by somebody else')
  })

  test('revoking it keeps the reason, is in force at once, and leaves a page without forms', async () => {
    const { id, text } = await desk.mint()
    const path = `/console/keys/${id}`
    expect(await desk.codeFor(text)).toBe('valid')
    const response = await fillIn(desk.boss, path, `${path}/revoke`, { reason: 'left on a train' })
    expect([response.status, response.headers.get('location')]).toEqual([303, `${path}?done=key_revoked`])
    expect(await desk.codeFor(text)).toBe('revoked_key')
    expect(await desk.read(id)).toMatchObject({ status: 'revoked', revoked_reason: 'left on a train' })
    const page = await desk.pageOf(path)
    expect(page).toContain('left on a train')
    expect(page).not.toContain(`action="${path}`)
    expect(page).toContain(`href="/console/audit?target=key%3A${id}"`)
  })

  test('shows the owner, the use and the last refusals, with the caller as text', async () => {
    const { id, text } = await desk.mint({ scopes: ['reports:read'], allowed_addresses: ['127.0.0.1'] })
    const validate = (query: string) =>
      desk.gateway.fetch(`/v1/validate${query}`, {
        headers: { 'x-api-key': text, 'user-agent': 'backup/1 <b>' },
      })
    expect((await validate('?scope=reports:read')).status).toBe(200)
    expect((await json(await validate('?scope=reports:write'))).code).toBe('insufficient_scope')
    // What was gathered is written when the gateway closes.
    await desk.gateway.restart()
    const page = await desk.pageOf(`/console/keys/${id}`)
    for (const shown of [
      `href="/console/users/${desk.memberId}"`,
      'uma@example.com',
      '1 request.',
      '<code>127.0.0.1</code>',
      'backup/1 &lt;b&gt;',
      'scope missing',
      '>insufficient_scope</code>',
    ])
      expect(page).toContain(shown)
    expect(page).not.toContain('<b>')
  })

  test.each(['nobody', 'kd_x', '%00', 'new%20key', "'--"])(
    'a key that there is not, %s, is 404',
    async (id) => {
      const headers = { accept: 'text/html' }
      expect((await desk.boss.fetch(`/console/keys/${id}`, { headers })).status).toBe(404)
    },
  )
})
