import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person } from '../admin/people-context.ts'
import { type Console, memberOf, pageAt, sendForm, startConsole, textOf } from './console-context.ts'

const path = '/console/invitations'

describe('invitations in the console', () => {
  let desk: Console
  beforeAll(async () => {
    desk = await startConsole()
  })
  afterAll(() => desk.close())

  const open = async (): Promise<any[]> => (await desk.get('/admin/invitations')).data
  const form = (change: Record<string, string> = {}) => ({
    email: 'New@Partner.test',
    provider: 'google',
    role: 'member',
    groups: 'ops, dev',
    ...change,
  })

  test('say what to do where there are none', async () => {
    expect(textOf(await pageAt(desk.ada, path))).toContain('Nobody is invited at the moment.')
  })

  test('are made and withdrawn, by the admin and with a word on what was done', async () => {
    const made = await sendForm(desk.ada, path, form())
    expect([made.status, made.headers.get('location')]).toEqual([303, `${path}?done=invited`])
    expect(made.headers.get('cache-control')).toContain('no-store')
    const [invitation] = await open()
    expect(invitation).toMatchObject({
      email: 'new@partner.test',
      groups: ['ops', 'dev'],
      created_by: `user:${desk.adaId}`,
    })
    const said = textOf(await pageAt(desk.ada, `${path}?done=invited`))
    expect(said).toContain('Done. The invitation is made.')
    expect(said).toContain('new@partner.test')
    expect(said).toContain(`${desk.gateway.url}/auth/login/google`)

    const withdrawn = await sendForm(desk.ada, `${path}/${invitation.id}/withdraw`, {})
    expect([withdrawn.status, withdrawn.headers.get('location')]).toEqual([303, `${path}?done=withdrawn`])
    expect(await open()).toEqual([])
    expect((await sendForm(desk.ada, `${path}/${invitation.id}/withdraw`, {})).status).toBe(404)
  })

  test('that cannot be made are said so on the page, with what was typed', async () => {
    const wrong = await sendForm(desk.ada, path, form({ email: 'no address', role: 'admin', groups: 'a b' }))
    expect(wrong.status).toBe(400)
    const page = await wrong.text()
    expect(textOf(page)).toContain('That was not done. email: is not an email address that can be used here')
    for (const typed of ['value="no address"', 'value="a b"', '<option value="admin" selected'])
      expect(page).toContain(typed)
    expect(await open()).toEqual([])
  })

  test('for somebody who is here already are refused with the reason', async () => {
    await desk.keyOf(person('mel'))
    const conflict = await sendForm(desk.ada, path, form({ email: 'mel@example.com' }))
    expect(conflict.status).toBe(409)
    expect(textOf(await conflict.text())).toContain('That was not done.')
    expect(await open()).toEqual([])
  })

  test.each<[string, Record<string, string>]>([
    ['an unknown field', { admin: 'yes' }],
    ['an unknown provider', { provider: 'gitlab' }],
    ['an unknown role', { role: 'root' }],
    ['a group that is none', { groups: 'Ops!' }],
  ])('with %s are 400 and change nothing', async (_, change) => {
    expect((await sendForm(desk.ada, path, form(change))).status).toBe(400)
    expect(await open()).toEqual([])
  })

  test('are nothing that a form without the token of this session can make', async () => {
    const boris = await desk.browserOf(person('boris'))
    await desk.done('PATCH', `/admin/users/${(await desk.userOf('boris@example.com')).id}`, { role: 'admin' })
    const token = /name="csrf_token" value="([^"]+)"/.exec(await pageAt(boris, path))?.[1] ?? ''
    for (const csrf_token of ['', 'x', token, `${token}x`])
      expect((await sendForm(desk.ada, path, { ...form(), csrf_token })).status, csrf_token).toBe(403)
    for (const site of ['cross-site', 'same-site', 'none'])
      expect((await sendForm(desk.ada, path, form(), { 'sec-fetch-site': site })).status, site).toBe(403)
    expect((await sendForm(boris, path, { ...form(), csrf_token: token })).status).toBe(303)
    await sendForm(desk.ada, `${path}/${(await open())[0].id}/withdraw`, {})
  })

  test('are nothing that a member sees, makes or withdraws, nor a key or the master key by a form', async () => {
    await sendForm(desk.ada, path, form())
    const [{ id }] = await open()
    const mel = await memberOf(desk)
    expect((await mel.fetch(path)).status).toBe(403)
    const forged = { ...form(), csrf_token: 'x' }
    for (const to of [path, `${path}/${id}/withdraw`]) {
      expect((await sendForm(mel, to, forged)).status).toBe(403)
      const body = new URLSearchParams(forged).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
      expect((await desk.gateway.asAdmin(to, { method: 'POST', headers, body })).status).toBe(401)
    }
    expect(await open()).toHaveLength(1)
    await sendForm(desk.ada, `${path}/${id}/withdraw`, {})
  })

  test('that were made by machines are shown with hostile text as text', async () => {
    const email = `"<img/src=x>"@corp.test`
    const made = await desk.send('POST', '/admin/users', { email })
    const typed = await sendForm(desk.ada, path, form({ email: '"><script>alert(1)</script>' }))
    const page = await typed.text()
    expect(page).not.toMatch(/<script>alert|<img/)
    expect(page).toContain('&lt;script&gt;alert(1)')
    if (made.status === 201) expect(await pageAt(desk.ada, path)).not.toContain('<img')
  })

  test('come in pages of less than 30 KB, and a query that makes no sense is 400', async () => {
    for (let n = 0; n < 27; n += 1)
      await desk.done('POST', '/admin/users', {
        email: `somebody-with-a-long-name-${n}@partner.test`,
        groups: ['operations', 'development'],
      })
    const page = await pageAt(desk.ada, path)
    expect(Buffer.byteLength(page)).toBeLessThan(30_000)
    expect(page).not.toContain('Back to the beginning')
    const next = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(textOf(await pageAt(desk.ada, next))).toContain('Back to the beginning')
    for (const wrong of ['?cursor=x', '?done=hacked', '?x=1'])
      expect((await desk.ada.fetch(`${path}${wrong}`)).status, wrong).toBe(400)
  })
})
