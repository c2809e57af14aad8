import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { idOf } from '../../support/desk.ts'
import { movableClock, person } from '../admin/people-context.ts'
import { type Console, memberOf, pageAt, sendForm, startConsole, textOf } from './console-context.ts'

const path = '/console/audit'
const msPerDay = 86_400_000
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10)

describe('the audit trail in the console', () => {
  const clock = movableClock()
  let desk: Console
  let melId: string
  let key: string
  beforeAll(async () => {
    desk = await startConsole({ SESSION_MAX: '300d', SESSION_IDLE: '300d' }, clock)
    key = await desk.keyOf(person('mel'), { 'user-agent': 'curl/8.5.0' })
    melId = (await desk.userOf('mel@example.com')).id
    const revoke = { method: 'DELETE', headers: { 'sec-fetch-site': 'same-origin', 'user-agent': 'tool/1' } }
    await desk.ada.fetch(`/admin/keys/${idOf(key)}`, revoke)
  })
  afterAll(() => desk.close())

  const page = (query = '') => pageAt(desk.ada, `${path}${query}`)
  const said = async (query = '') => textOf(await page(query))
  const exportLink = async (query: string) =>
    /href="([^"]*\/admin\/audit\/export[^"]*)"/.exec(await page(query))?.[1]?.replaceAll('&amp;', '&') ?? ''

  test('says in a sentence who did what to whom, from where, and by which request', async () => {
    const text = await said()
    expect(text).toMatch(new RegExp(`ada Example revoked key sso \\(${idOf(key)}\\) key\\.revoked`))
    expect(text).toMatch(/mel Example signed in mel@example\.com/)
    expect(text).toContain('tool/1')
    expect(text).toMatch(/request req_\w+/)
    expect(await page()).toContain(`<a href="/console/users/${desk.adaId}">ada Example</a>`)
    expect(await page()).toContain(`<a href="/console/keys/${idOf(key)}">`)
  })

  test.each<[string, () => string, string, string]>([
    ['an action', () => '?action=key.revoked', 'revoked key', 'signed in'],
    ['who did it', () => `?actor=user:${melId}`, 'mel Example signed in', 'ada Example'],
    ['what it was done to', () => `?target=key:${idOf(key)}`, 'revoked key', 'signed in'],
    ['an email address', () => '?email=mel@example.com', 'mel Example', 'ada Example'],
  ])('is narrowed by %s, and keeps that in the fields and in the export', async (_, query, there, away) => {
    const text = await said(query())
    expect(text).toContain(there)
    expect(text).not.toContain(away)
    const exported = await desk.ada.fetch(await exportLink(query()))
    expect(exported.status).toBe(200)
    const lines = (await exported.text()).trim().split('\n')
    const [name = '', value = ''] = query().slice(1).split('=')
    const { data } = await desk.get(`/admin/audit?${name}=${encodeURIComponent(value)}`)
    expect(lines).toHaveLength(data.length)
    expect(await page(query())).toMatch(
      name === 'action' ? /value="key\.revoked" selected/ : `value="${value}"`,
    )
  })

  test('is narrowed by days, both of them included', async () => {
    const now = clock.now().getTime()
    const [before, today, after] = [dayOf(now - msPerDay), dayOf(now), dayOf(now + msPerDay)]
    expect(await said(`?since=${today}&until=${today}`)).toContain('revoked key')
    expect(await said(`?since=${before}`)).toContain('revoked key')
    for (const query of [`?until=${before}`, `?since=${after}`])
      expect(await said(query)).toContain('Nothing of this kind has happened.')
    const link = await exportLink(`?since=${today}&until=${today}`)
    expect(decodeURIComponent(link)).toContain(`since=${today}T00:00:00.000Z&until=${after}T00:00:00.000Z`)
  })

  test.each([
    'action=key.stolen',
    'since=yesterday',
    'since=2026-02-31',
    'until=0000-01-01',
    'until=9999-12-31',
    'since=2026-03-02&until=2026-03-01',
    'cursor=x',
    'limit=1',
    'x=1',
    'actor=a&actor=b',
  ])('refuses a query that makes no sense: %s', async (query) => {
    expect((await desk.ada.fetch(`${path}?${query}`)).status).toBe(400)
  })

  test('shows what somebody else wrote as text, in facts and details', async () => {
    const hostile = '<script>alert(1)</script>'
    const minted = await desk.done('POST', '/admin/keys', { user_id: melId, name: hostile })
    await desk.ada.fetch(`/admin/keys/${minted.key.id}`, {
      method: 'DELETE',
      headers: {
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/json',
        'user-agent': `<img/src=x>`,
      },
      body: JSON.stringify({ reason: hostile }),
    })
    const html = await page()
    expect(html).not.toMatch(/<script>alert|<img/)
    expect(html).toContain('&lt;script&gt;alert(1)')
    expect(html).toContain('&lt;img')
  })

  test('names nobody who was erased, and still says what happened', async () => {
    await desk.keyOf(person('gone'))
    const { id } = await desk.userOf('gone@example.com')
    await desk.done('DELETE', `/admin/users/${id}`)
    const html = await page()
    expect(textOf(html)).toContain('Somebody who was erased')
    expect(html).not.toMatch(/gone@example\.com|gone Example/)
  })

  test('comes in pages of less than 30 KB that hold every event once', async () => {
    for (let n = 0; n < 30; n += 1)
      await desk.done('POST', '/admin/access-rules', { kind: 'deny_email', value: `n${n}@corp.test` })
    const seen: string[] = []
    let next = '?action=access_rule.created'
    for (let pages = 0; next !== '' && pages < 5; pages += 1) {
      const html = await page(next)
      expect(Buffer.byteLength(html)).toBeLessThan(30_000)
      seen.push(...(html.match(/n\d+@corp\.test/g) ?? []))
      next = (/rel="next" href="[^"?]*([^"]*)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&')
    }
    expect(new Set(seen).size).toBe(30)
    expect(seen).toHaveLength(30)
  })

  test('is for admins alone', async () => {
    const mel = await memberOf(desk)
    for (const to of [path, `${path}?action=key.revoked`]) expect((await mel.fetch(to)).status).toBe(403)
    expect((await sendForm(mel, `${path}/check`, { csrf_token: 'x' })).status).toBe(403)
    expect((await desk.gateway.fetch(path)).status).toBe(303)
    expect((await sendForm(desk.ada, `${path}/check`, { csrf_token: 'x' })).status).toBe(403)
    expect((await desk.ada.fetch(`${path}/check`)).status).toBe(405)
  })

  test('is checked on demand: whole as it is, and broken where somebody changed it behind Keydesk', async () => {
    const check = async () => textOf(await (await sendForm(desk.ada, `${path}/check`, {})).text())
    // Sealed a moment after it was written.
    await vi.waitFor(async () => expect(await check()).not.toContain('wait to be sealed'), 10_000)
    expect(await check()).toMatch(/The chain is whole\. [\d,]+ sealed events were checked/)
    const [{ seq }] = await desk.gateway.database.rows(
      "SELECT seq FROM audit_events WHERE action = 'key.revoked' ORDER BY seq LIMIT 1",
    )
    await desk.gateway.database.change("UPDATE audit_events SET actor = 'system' WHERE seq = ?", seq)
    expect(await check()).toContain(`The chain is broken. The first break is at event ${seq}`)
  })
})
