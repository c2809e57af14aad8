import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyTextOn } from '../../support/browser-like.ts'
import { fillIn, formOn, sendForm } from '../../support/page-forms.ts'
import { type ConsoleKeys, startConsoleKeys } from './keys-context.ts'

describe('rotating a key in the console', () => {
  let desk: ConsoleKeys
  beforeAll(async () => {
    desk = await startConsoleKeys()
  })
  afterAll(() => desk?.close())

  async function rotate(id: string, change: Record<string, string> = {}) {
    const path = `/console/keys/${id}`
    const response = await fillIn(desk.boss, path, `${path}/rotate`, change)
    const page = await response.text()
    const text = keyTextOn(page) ?? ''
    return { response, page, text, successorId: text.split('_')[1] ?? '' }
  }

  test('shows the successor once, and both keys go on working', async () => {
    const old = await desk.mint({ scopes: ['deploy:run'] })
    const { response, page, text, successorId } = await rotate(old.id)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(page).toContain(`href="/console/keys/${old.id}"`)
    expect([await desk.codeFor(text), await desk.codeFor(old.text)]).toEqual(['valid', 'valid'])
    expect(await desk.read(old.id)).toMatchObject({
      status: 'retiring',
      successor_id: successorId,
      quiet_seconds: 86_400,
    })
    const { rotated_at: at, retires_at: ends } = await desk.read(old.id)
    expect(Date.parse(ends) - Date.parse(at)).toBe(30 * 86_400_000)
    for (const seen of [JSON.stringify(await desk.get('/admin/audit')), desk.gateway.log.join('\n')])
      expect(seen).not.toContain(text.split('_')[2])
  })

  test('takes the times that were chosen', async () => {
    const { id } = await desk.mint()
    await rotate(id, { quiet_seconds: '3600', grace_seconds: '604800' })
    const { rotated_at: at, retires_at: ends, quiet_seconds: quiet } = await desk.read(id)
    expect([quiet, Date.parse(ends) - Date.parse(at)]).toEqual([3600, 7 * 86_400_000])
  })

  test('both pages lead to the other key and say who still uses the old one', async () => {
    const old = await desk.mint()
    const { text, successorId } = await rotate(old.id)
    const asked = { headers: { 'x-api-key': old.text, 'user-agent': 'cron/2' } }
    await desk.gateway.fetch('/v1/validate', asked)
    expect(await desk.codeFor(text)).toBe('valid')
    // What was gathered is written when the gateway closes.
    await desk.gateway.restart()
    const ofOld = await desk.pageOf(`/console/keys/${old.id}`)
    expect(ofOld).toContain(`href="/console/keys/${successorId}"`)
    expect(ofOld).toContain('cron/2')
    expect(ofOld).toContain('at the latest')
    expect(ofOld).not.toContain(`/console/keys/${old.id}/rotate`)
    const ofNew = await desk.pageOf(`/console/keys/${successorId}`)
    expect(ofNew).toContain(`href="/console/keys/${old.id}"`)
    expect(ofNew).toContain('cron/2')
  })

  test('the same form sent again makes no second successor and shows no text', async () => {
    const { id } = await desk.mint()
    const path = `/console/keys/${id}`
    const form = formOn(await desk.pageOf(path), `${path}/rotate`)
    const first = await sendForm(desk.boss, `${path}/rotate`, form)
    const again = await sendForm(desk.boss, `${path}/rotate`, form)
    expect([first.status, again.status]).toEqual([200, 200])
    const { successor_id: successorId } = await desk.read(id)
    expect(keyTextOn(await first.text())?.split('_')[1]).toBe(successorId)
    const page = await again.text()
    expect(keyTextOn(page)).toBeNull()
    expect(page).toContain(`href="/console/keys/${successorId}"`)
    expect(await desk.read(id)).toMatchObject({ successor_id: successorId })
  })

  test('another form for a key that is retiring already is 409, and makes nothing', async () => {
    const { id } = await desk.mint()
    const path = `/console/keys/${id}`
    const form = formOn(await desk.pageOf(path), `${path}/rotate`)
    await rotate(id)
    const before = await desk.read(id)
    const late = await sendForm(desk.boss, `${path}/rotate`, form)
    expect(late.status).toBe(409)
    expect(await late.text()).toContain('That was not done.')
    expect(await desk.read(id)).toEqual(before)
  })

  test.each([
    ['quiet_seconds', '1'],
    ['quiet_seconds', 'never'],
    ['grace_seconds', '-1'],
    ['grace_seconds', '999999999'],
    ['once', ''],
    ['name', 'another'],
  ])('%s that is %s is 400, and the key stays as it is', async (field, value) => {
    const { id } = await desk.mint()
    const { response, page } = await rotate(id, { [field]: value })
    expect(response.status).toBe(400)
    expect(page).toContain(field)
    expect(await desk.read(id)).toMatchObject({ status: 'active', successor_id: null })
  })

  test('Retire now ends the old key at once and leaves the new one', async () => {
    const old = await desk.mint()
    const path = `/console/keys/${old.id}`
    const { text } = await rotate(old.id)
    const response = await fillIn(desk.boss, path, `${path}/retire`)
    expect([response.status, response.headers.get('location')]).toEqual([303, `${path}?done=key_retired`])
    expect([await desk.codeFor(old.text), await desk.codeFor(text)]).toEqual(['revoked_key', 'valid'])
    expect((await desk.audit('key.retired'))[0]).toMatchObject({ actor: `user:${desk.bossId}` })
    const again = await sendForm(desk.boss, `${path}/retire`, {
      csrf_token: String(
        formOn(await desk.pageOf(`/console/keys/new?user_id=${desk.memberId}`), '/console/keys').csrf_token,
      ),
    })
    expect(again.status).toBe(409)
  })

  test('a key whose successor was revoked says so, and can be rotated again', async () => {
    const old = await desk.mint()
    const { successorId } = await rotate(old.id)
    await desk.done('DELETE', `/admin/keys/${successorId}`)
    const page = await desk.pageOf(`/console/keys/${old.id}`)
    expect(page).toContain('is dead')
    expect(page).not.toContain(`/console/keys/${old.id}/retire`)
    expect((await rotate(old.id)).text).not.toBe('')
  })
})
