import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../../support/browser-like.ts'
import { idOf } from '../../support/desk.ts'
import { movableClock, person } from '../admin/people-context.ts'
import { type Console, memberOf, pageAt, startConsole, textOf } from './console-context.ts'

const day = 86_400

describe('the overview of a desk', () => {
  const clock = movableClock()
  let desk: Console
  beforeAll(async () => {
    desk = await startConsole({ SESSION_MAX: '300d', SESSION_IDLE: '300d' }, clock)
  })
  afterAll(() => desk.close())

  const overview = async () => textOf(await pageAt(desk.ada, '/console'))
  const mintFor = async (userId: string, change: object = {}): Promise<string> =>
    (await desk.done('POST', '/admin/keys', { user_id: userId, name: 'ci', ...change })).key_text

  test('that is fresh says what to do first, and an admin gets to it from nowhere but a session', async () => {
    expect(await overview()).toContain('Nobody has a key yet.')
    const nobody = await desk.gateway.fetch('/console')
    expect([nobody.status, nobody.headers.get('location')]).toEqual([303, '/auth/login?return_to=%2Fconsole'])
    const byMasterKey = await desk.gateway.asAdmin('/console')
    expect(byMasterKey.status).not.toBe(200)
    const mel = await memberOf(desk)
    expect((await mel.fetch('/console')).status).toBe(403)
    const refused = await desk.audit('admin.refused')
    expect(refused.map(({ facts }) => facts.reason)).toContain('not_an_admin')
    const stranger = createCookieJar(desk.gateway)
    expect((await stranger.fetch('/console?x=1')).headers.get('location')).toContain('console%3Fx%3D1')
    // A way back that sign-in would refuse is not offered to it.
    const long = await stranger.fetch(`/console/keys?search=${'x'.repeat(3000)}`)
    expect(long.headers.get('location')).toBe('/auth/login?return_to=%2Fconsole%2Fkeys')
    expect((await desk.ada.fetch('/console?x=1')).status).toBe(400)
  })

  test('counts verifications and refusals by the hour, and names the latest refusals', async () => {
    const mel = await memberOf(desk)
    expect(mel).toBeDefined()
    const owner = await desk.userOf('mel@example.com')
    const key = await mintFor(owner.id, { name: 'night job', scopes: ['a'] })
    for (let n = 0; n < 3; n += 1) expect(await desk.codeFor(key)).toBe('valid')
    for (let n = 0; n < 2; n += 1) expect(await desk.codeFor(key, '?scope=b')).toBe('insufficient_scope')
    expect(await desk.codeFor(`${key.slice(0, -1)}!`)).toBe('invalid_key')
    await desk.gateway.restart()
    const said = await overview()
    expect(said).not.toContain('Nobody has a key yet.')
    expect(said).toContain('Verifications in the last 24 hours 3 ')
    expect(said).toContain('Refusals in the last 24 hours 3 ')
    expect(said).toContain('2 scope missing · 1 no key of this desk')
    expect(said).toMatch(/night job .{0,40}mel Example scope missing/)
    const page = await pageAt(desk.ada, '/console')
    expect(page).toMatch(/role="img" aria-label="Verifications by the hour over the last 24 hours: 3 in all/)
    expect(page.match(/<rect /g)).toHaveLength(48)
    expect(page).toContain(`href="/console/keys/${idOf(key)}"`)
    // After a day all of it is history.
    clock.forward(2 * day)
    expect(await overview()).toContain('Verifications in the last 24 hours 0 ')
    clock.forward(-2 * day)
  })

  test('tells which keys expire soon, the first of them first, and leads to all of them where they are many', async () => {
    const owner = await desk.userOf('ada@example.com')
    for (let n = 7; n > 0; n -= 1) {
      const expires_at = new Date(clock.now().getTime() + n * day * 1000).toISOString()
      await mintFor(owner.id, { name: `soon-${n}`, expires_at })
    }
    const later = new Date(clock.now().getTime() + 20 * day * 1000).toISOString()
    await mintFor(owner.id, { name: 'later', expires_at: later })
    const dead = await mintFor(owner.id, {
      name: 'revoked-soon',
      expires_at: new Date(clock.now().getTime() + 3_600_000).toISOString(),
    })
    await desk.done('DELETE', `/admin/keys/${idOf(dead)}`)
    const page = await pageAt(desk.ada, '/console')
    const said = textOf(page)
    expect(said.match(/soon-\d/g)).toEqual(['soon-1', 'soon-2', 'soon-3', 'soon-4', 'soon-5'])
    const more = /href="([^"]*expiring_before[^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const listed = textOf(await pageAt(desk.ada, more))
    for (const name of ['soon-1', 'soon-7']) expect(listed).toContain(name)
    for (const name of ['later', 'revoked-soon']) expect(listed).not.toContain(name)
  })

  test('hints at keys that nobody uses, at the master key, and at service accounts without anybody', async () => {
    expect(await overview()).toContain('ADMIN_BEARER=off')
    const { id } = await desk.done('POST', '/admin/service-accounts', {
      name: 'robot',
      responsible_user_id: desk.adaId,
    })
    await desk.gateway.database.change('UPDATE users SET responsible_id = NULL WHERE id = ?', id)
    const used = await mintFor(id, { name: 'used' })
    clock.forward(91 * day)
    expect(await desk.codeFor(used)).toBe('valid')
    // Its usage is written at a shutdown.
    await desk.gateway.restart({ ADMIN_BEARER: 'off' })
    const page = await pageAt(desk.ada, '/console')
    const said = textOf(page)
    // That of the night job; those that expired or were revoked are not live, and one was used just now.
    expect(said).toContain('One live key has not been used for 90 days')
    expect(said).toContain('One service account has nobody who answers for it.')
    expect(said).not.toContain('ADMIN_BEARER')
    const link = /href="([^"]*unused_days[^"]*)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const listed = textOf(await pageAt(desk.ada, link))
    expect(listed).toContain('night job')
    expect(listed).not.toContain(idOf(used))
    await desk.gateway.restart()
  })

  test('names whom the desk turned away, and shows hostile text as text', async () => {
    await desk.signIn(person('eve', { email: 'eve@evil.test', hd: 'evil.test' }))
    const owner = await desk.userOf('mel@example.com')
    const hostile = '<script>alert(1)</script>'
    const key = await mintFor(owner.id, { name: hostile, scopes: ['a'] })
    await desk.codeFor(key, '?scope=b')
    await desk.gateway.restart()
    const page = await pageAt(desk.ada, '/console')
    expect(textOf(page)).toMatch(/Sign-in eve@evil\.test domain_not_allowed/)
    expect(page).toContain('&lt;script&gt;alert(1)')
    expect(page).not.toContain(hostile)
  })
})
