import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../../support/browser-like.ts'
import { formOn, sendForm } from '../../support/page-forms.ts'
import { person } from '../admin/people-context.ts'
import { type ConsoleKeys, startConsoleKeys } from './keys-context.ts'

const foreign: Record<string, string>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { origin: 'https://evil.test' },
]
const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`

describe('the key pages of the console', () => {
  let desk: ConsoleKeys
  let id: string
  /** Each page, and each form with fields that would do. */
  let pages: string[]
  let forms: [string, Record<string, string>][]
  beforeAll(async () => {
    desk = await startConsoleKeys()
    const key = await desk.mint({ name: hostile, metadata: { [hostile]: hostile } })
    id = key.id
    const path = `/console/keys/${id}`
    const newPath = `/console/keys/new?user_id=${desk.memberId}`
    pages = ['/console/keys', '/console/keys/new', newPath, path]
    const page = await desk.pageOf(path)
    const { csrf_token: _, ...change } = formOn(page, path) as Record<string, string>
    const { csrf_token: __, ...rotate } = formOn(page, `${path}/rotate`) as Record<string, string>
    const { csrf_token: ___, ...mint } = formOn(await desk.pageOf(newPath), '/console/keys') as Record<
      string,
      string
    >
    forms = [
      [path, { ...change, name: 'stolen' }],
      [`${path}/rotate`, rotate],
      [`${path}/retire`, {}],
      [`${path}/revoke`, {}],
      ['/console/keys', { ...mint, name: 'stolen' }],
      ['/console/keys/revoke/preview', { ids: id }],
      ['/console/keys/revoke', { ids: id, count: '1' }],
    ]
  })
  afterAll(() => desk?.close())

  /** All keys, without their use, which is written whenever it is. */
  const state = async () => {
    const { data } = await desk.get('/admin/keys')
    return data.map((key: Record<string, unknown>) => [key.id, key.name, key.status, key.version])
  }
  const tokenOf = async () => {
    const newPath = `/console/keys/new?user_id=${desk.memberId}`
    return String(formOn(await desk.pageOf(newPath), '/console/keys').csrf_token)
  }

  test('take no form without a good token of this very session, and nothing changes', async () => {
    const before = await state()
    const other = await desk.browserOf(person('boss'))
    const good = await tokenOf()
    const bad = ['', 'x', good.slice(0, -1), `${good}A`, good.split('.').reverse().join('.')]
    for (const [action, fields] of forms) {
      expect((await sendForm(desk.boss, action, fields)).status, action).toBe(403)
      for (const csrf_token of bad)
        expect((await sendForm(desk.boss, action, { csrf_token, ...fields })).status, action).toBe(403)
      expect((await sendForm(other, action, { csrf_token: good, ...fields })).status, action).toBe(403)
    }
    expect(await state()).toEqual(before)
  })

  test('take no form of another site, whatever token it has', async () => {
    const before = await state()
    const csrf_token = await tokenOf()
    for (const [action, fields] of forms) {
      for (const headers of foreign)
        expect((await sendForm(desk.boss, action, { csrf_token, ...fields }, headers)).status, action).toBe(
          403,
        )
    }
    expect(await state()).toEqual(before)
  })

  test('are closed to members, who learn nothing and change nothing', async () => {
    const before = await state()
    for (const path of [...pages, '/console/keys/nosuchkey000']) {
      const response = await desk.member.fetch(path, { headers: { accept: 'text/html' } })
      expect(response.status, path).toBe(403)
      expect(await response.text()).not.toMatch(/stolen|alert|usr_/)
    }
    const csrf_token = await tokenOf()
    for (const [action, fields] of forms)
      expect((await sendForm(desk.member, action, { csrf_token, ...fields })).status, action).toBe(403)
    expect(await state()).toEqual(before)
  })

  test('send whoever is not signed in to sign in, and take no form of theirs', async () => {
    const before = await state()
    const nobody = createCookieJar(desk.gateway)
    for (const path of pages) {
      const response = await nobody.fetch(path, { headers: { accept: 'text/html' } })
      expect(response.status, path).toBe(303)
      expect(response.headers.get('location')).toMatch(/^\/auth\/login\?return_to=/)
    }
    const csrf_token = await tokenOf()
    for (const [action, fields] of forms)
      expect((await sendForm(nobody, action, { csrf_token, ...fields })).status, action).toBe(401)
    expect(await state()).toEqual(before)
  })

  test('are no way in for a key or the master key', async () => {
    const { key_text: adminKey } = await desk.done('POST', '/admin/keys', {
      user_id: desk.bossId,
      name: 'whole',
      scopes: ['keydesk:admin'],
    })
    for (const bearer of [adminKey, desk.gateway.masterKey]) {
      const headers = { authorization: `Bearer ${bearer}`, accept: 'application/json' }
      for (const path of pages)
        expect((await desk.gateway.fetch(path, { headers })).status, path).not.toBe(200)
      for (const [action, fields] of forms)
        expect((await sendForm(desk.gateway, action, fields, headers)).status, action).toBe(401)
    }
  })

  test('show hostile names, metadata and searches as text', async () => {
    const search = `/console/keys?search=${encodeURIComponent(hostile)}`
    const found = await desk.pageOf(search)
    expect(found).toContain(`/console/keys/${id}`)
    for (const path of [...pages, search, `/console/keys/new?search=${encodeURIComponent(hostile)}`])
      expect(await desk.pageOf(path), path).not.toMatch(/<script>|<img|onerror='|" onerror/)
    const csrf_token = await tokenOf()
    const preview = await sendForm(desk.boss, '/console/keys/revoke/preview', { csrf_token, ids: id })
    expect(await preview.text()).not.toMatch(/<script>|<img/)
    const answer = await sendForm(desk.boss, `/console/keys/${id}`, {
      csrf_token,
      name: hostile,
      [hostile]: 'x',
    })
    expect(answer.status).toBe(400)
    expect(await answer.text()).not.toMatch(/<script>|<img/)
  })
})
