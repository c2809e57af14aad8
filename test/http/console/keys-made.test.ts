import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyTextOn } from '../../support/browser-like.ts'
import { fillIn, formOn, sendForm } from '../../support/page-forms.ts'
import { type ConsoleKeys, startConsoleKeys } from './keys-context.ts'

describe('making a key in the console', () => {
  let desk: ConsoleKeys
  beforeAll(async () => {
    desk = await startConsoleKeys()
  })
  afterAll(() => desk?.close())

  const path = () => `/console/keys/new?user_id=${desk.memberId}`
  const count = async () => (await desk.get('/admin/keys?limit=200')).data.length

  test('mints what the form says, for whom the page was about, and names the admin', async () => {
    const { response, text, id } = await desk.mintByForm({
      name: 'CI of the shop',
      scopes: 'deploy:run',
      expires: '365',
      rate_limit: '100',
      rate_window: '1',
      allowed_addresses: '127.0.0.0/8',
      metadata: '{"team":"shop"}',
    })
    expect(response.status).toBe(200)
    expect(await desk.codeFor(text ?? '', '?scope=deploy:run')).toBe('valid')
    expect(await desk.read(id)).toMatchObject({
      name: 'CI of the shop',
      user_id: desk.memberId,
      scopes: ['deploy:run'],
      rate_limit: { limit: 100, window_seconds: 1 },
      allowed_addresses: ['127.0.0.0/8'],
      metadata: { team: 'shop' },
      created_through: 'admin',
      created_by: `user:${desk.bossId}`,
    })
  })

  test('shows the text in one answer, which nothing keeps, and never in a log, the trail or a list', async () => {
    const { response, page, text, id } = await desk.mintByForm()
    const secret = text?.split('_')[2] ?? ''
    expect(secret).toHaveLength(59)
    expect(page.split(secret)).toHaveLength(2)
    expect(page).toContain('data-secret="true"')
    expect(response.headers.get('cache-control')).toContain('no-store')
    await desk.boss.fetch(`/console/keys/${id}?${new URLSearchParams({ key: text ?? '' })}`)
    for (const seen of [
      await desk.pageOf('/console/keys'),
      await desk.pageOf(`/console/keys/${id}`),
      JSON.stringify(await desk.get('/admin/audit?limit=200')),
      JSON.stringify(await desk.get('/admin/keys')),
    ])
      expect(seen).not.toContain(secret)
    expect(desk.gateway.log.join('\n')).not.toContain(secret)
  })

  test('the same form sent again, at once or later, makes no second key and shows no text', async () => {
    const form = { ...formOn(await desk.pageOf(path()), '/console/keys'), name: 'reloaded' }
    const before = await count()
    const answers = await Promise.all([1, 2, 3].map(() => sendForm(desk.boss, '/console/keys', form)))
    answers.push(await sendForm(desk.boss, '/console/keys', form))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const pages = await Promise.all(answers.map((answer) => answer.text()))
    expect(pages.filter((page) => keyTextOn(page) !== null)).toHaveLength(1)
    expect(pages.filter((page) => page.includes('This key was made already'))).toHaveLength(3)
    expect(await count()).toBe(before + 1)
  })

  test.each<[string, Record<string, string>, string]>([
    ['no name', { name: '' }, 'name:'],
    ['rights of admins for a member', { scopes: 'keydesk:audit.read' }, 'needs an admin as the owner'],
    ['an expiry to keep', { expires: 'keep' }, 'expires:'],
    ['no name of its own', { once: 'x' }, 'once:'],
    ['a field of its own', { created_by: 'nobody' }, 'created_by'],
  ])('with %s is 400, keeps what was typed, and makes nothing', async (_, fields, said) => {
    const before = await count()
    const response = await fillIn(desk.boss, path(), '/console/keys', {
      name: 'typed',
      metadata: '{"a":1}',
      ...fields,
    })
    const page = await response.text()
    expect(response.status).toBe(400)
    expect(page).toContain(said)
    expect(formOn(page, '/console/keys').metadata).toBe('{"a":1}')
    expect(await count()).toBe(before)
  })

  test('rights on Keydesk are described where they are offered, and given to an admin', async () => {
    const page = await desk.pageOf(path())
    for (const scope of ['keydesk:admin', 'keydesk:keys.mint', 'keydesk:audit.read', 'keydesk:introspect'])
      expect(page).toContain(`<code>${scope}</code>`)
    const boss = `/console/keys/new?user_id=${desk.bossId}`
    const response = await fillIn(desk.boss, boss, '/console/keys', {
      name: 'audit',
      scopes: 'keydesk:audit.read',
    })
    const text = keyTextOn(await response.text()) ?? ''
    const asked = await desk.gateway.fetch('/admin/audit', { headers: { authorization: `Bearer ${text}` } })
    expect(asked.status).toBe(200)
  })

  test('begins with whose it is to be: service accounts by themselves, anybody by a search', async () => {
    const empty = await desk.pageOf('/console/keys/new')
    expect(empty).toContain('There is no service account yet.')
    const account = await desk.done('POST', '/admin/service-accounts', {
      name: 'importer',
      responsible_user_id: desk.memberId,
    })
    expect(await desk.pageOf('/console/keys/new')).toContain(`/console/keys/new?user_id=${account.id}`)
    const found = await desk.pageOf('/console/keys/new?search=uma')
    expect(found).toContain(`/console/keys/new?user_id=${desk.memberId}`)
    expect(found).not.toContain(account.id)
    expect(await desk.pageOf('/console/keys/new?search=nobody-like-this')).toContain('Nobody who is active')
  })

  test('for nobody is 404, and for whom is disabled there is no form', async () => {
    const headers = { accept: 'text/html' }
    expect((await desk.boss.fetch('/console/keys/new?user_id=usr_nobody', { headers })).status).toBe(404)
    const form = formOn(await desk.pageOf(path()), '/console/keys')
    const unknown = { ...form, name: 'x', user_id: 'usr_nobody' }
    expect((await sendForm(desk.boss, '/console/keys', unknown)).status).toBe(404)
    await desk.done('PATCH', `/admin/users/${desk.memberId}`, { status: 'disabled' })
    const page = await desk.pageOf(path())
    expect(page).toContain('as long as they are disabled')
    expect(page).not.toContain('action="/console/keys"')
    const late = await sendForm(desk.boss, '/console/keys', { ...form, name: 'x' })
    expect([late.status, keyTextOn(await late.text())]).toEqual([409, null])
  })
})
