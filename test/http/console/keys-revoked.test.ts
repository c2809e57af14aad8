import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FormFields, formOn, plain, sendForm } from '../../support/page-forms.ts'
import { person } from '../admin/people-context.ts'
import { type ConsoleKeys, startConsoleKeys } from './keys-context.ts'

const preview = '/console/keys/revoke/preview'
const revoke = '/console/keys/revoke'

describe('revoking many keys in the console', () => {
  let desk: ConsoleKeys
  let ownerId: string
  beforeAll(async () => {
    desk = await startConsoleKeys()
  })
  afterAll(() => desk?.close())
  let owners = 0
  beforeEach(async () => {
    owners += 1
    await desk.browserOf(person(`owner${owners}`))
    ownerId = (await desk.userOf(`owner${owners}@example.com`)).id
  })

  const mintMany = async (count: number, change: object = {}) => {
    const keys: { id: string; text: string }[] = []
    for (let made = 0; made < count; made += 1) keys.push(await desk.mint({ user_id: ownerId, ...change }))
    return keys
  }
  const codes = (keys: { text: string }[]) => Promise.all(keys.map(({ text }) => desk.codeFor(text)))
  const token = async () => {
    const path = `/console/keys/new?user_id=${ownerId}`
    return String(formOn(await desk.pageOf(path), '/console/keys').csrf_token)
  }
  /** The form of the page that a list leads to, and the number that the page says. */
  async function look(fields: FormFields) {
    const response = await sendForm(desk.boss, preview, { csrf_token: await token(), ...fields })
    const page = await response.text()
    return { response, page, form: response.status === 200 ? formOn(page, revoke) : {} }
  }

  test('by a filter: the number of the dry run is what is revoked, and all else stays', async () => {
    const keys = await mintMany(12, { scopes: ['old:api'] })
    const [spared] = await mintMany(1)
    const gone = (await mintMany(1, { scopes: ['old:api'] }))[0]
    await desk.done('DELETE', `/admin/keys/${gone?.id}`)
    const listPath = `/console/keys?user_id=${ownerId}&scope=old:api`
    const list = await desk.pageOf(listPath)
    // The form beside the list carries the filter as it is.
    const [, all = ''] = list.split('</table>')[1]?.split('id="chosen"') ?? []
    const { form, page } = await look(formOn(all, preview))
    expect(page).toContain('This revokes 12 keys.')
    expect(page).toContain('And 4 more.')
    expect(form).toMatchObject({ count: '12', user_id: ownerId, scope: 'old:api' })
    expect(await codes(keys)).toEqual(Array(12).fill('valid'))
    const response = await sendForm(desk.boss, revoke, { ...form, reason: 'the old API is gone' })
    expect([response.status, response.headers.get('location')]).toEqual([
      303,
      '/console/keys?done=keys_revoked',
    ])
    expect(await codes(keys)).toEqual(Array(12).fill('revoked_key'))
    expect(await desk.codeFor(spared?.text ?? '')).toBe('valid')
    const events = (await desk.audit('key.revoked')).filter(({ facts }) => facts.user_id === ownerId)
    expect(events.filter(({ facts }) => facts.reason === 'the old API is gone')).toHaveLength(12)
    expect(events.filter(({ actor }) => actor === `user:${desk.bossId}`)).toHaveLength(12)
  })

  test('by check boxes: those that were chosen, and no others', async () => {
    const keys = await mintMany(3)
    const [first, second, third] = keys.map(({ id }) => id) as [string, string, string]
    const list = await desk.pageOf(`/console/keys?user_id=${ownerId}`)
    for (const id of [first, second, third])
      expect(list).toMatch(new RegExp(`<input form="chosen" type="checkbox" name="ids" value="${id}"`))
    const { form, page } = await look({ ids: [first, third] })
    expect(page).toContain('This revokes 2 keys.')
    expect(form).toMatchObject({ ids: [first, third], count: '2' })
    expect((await sendForm(desk.boss, revoke, form)).status).toBe(303)
    expect(await codes(keys)).toEqual(['revoked_key', 'valid', 'revoked_key'])
  })

  test('where others are to be revoked by now it is 409, says the new number, and revokes none', async () => {
    const keys = await mintMany(2)
    const { form } = await look({ user_id: ownerId })
    keys.push(...(await mintMany(1)))
    const response = await sendForm(desk.boss, revoke, form)
    const page = await response.text()
    expect(response.status).toBe(409)
    expect(page).toContain('This revokes 3 keys.')
    expect(formOn(page, revoke)).toMatchObject({ count: '3', user_id: ownerId })
    expect(await codes(keys)).toEqual(Array(3).fill('valid'))
  })

  test('a number of days is a time from when it was counted', async () => {
    const [old] = await mintMany(1)
    await desk.makeOlder(old?.id ?? '', 91)
    const { form } = await look({ user_id: ownerId, unused_days: '90' })
    expect(form).toMatchObject({ count: '1', user_id: ownerId })
    expect(form).not.toHaveProperty('unused_days')
    const since = Date.parse(String(form.unused_since))
    expect(Math.abs(Date.now() - 90 * 86_400_000 - since)).toBeLessThan(60_000)
    expect((await sendForm(desk.boss, revoke, form)).status).toBe(303)
    expect(await codes(old === undefined ? [] : [old])).toEqual(['revoked_key'])
  })

  test('where all are revoked already there is nothing to say yes to', async () => {
    const [key] = await mintMany(1)
    await desk.done('DELETE', `/admin/keys/${key?.id}`)
    const response = await sendForm(desk.boss, preview, { csrf_token: await token(), user_id: ownerId })
    const page = await response.text()
    expect(page).toContain('There is nothing to revoke.')
    expect(page).not.toContain(`action="${revoke}"`)
  })

  test.each<[string, FormFields]>([
    ['neither keys nor a filter', {}],
    ['a status alone', { status: 'active' }],
    ['keys and a filter', { ids: ['7Fq2LmX9aZt4'], scope: 'a' }],
    ['a filter without sense', { unused_days: '31' }],
    ['an unknown field', { everything: 'true' }],
  ])('%s is 400 at both steps, and nothing is revoked', async (_, fields) => {
    const keys = await mintMany(1)
    const { response, page } = await look(fields)
    expect(response.status).toBe(400)
    expect(plain(page)).toContain('That was not done.')
    // Also where the number is that of all keys.
    const all = (await desk.get('/admin/keys?limit=200')).data as { status: string }[]
    const count = String(all.filter(({ status }) => status !== 'revoked').length)
    const late = await sendForm(desk.boss, revoke, { csrf_token: await token(), count, ...fields })
    expect(late.status).toBe(400)
    expect(await codes(keys)).toEqual(['valid'])
  })

  test('a key that there is not is 404, and the others stay', async () => {
    const keys = await mintMany(1)
    const ids = [keys[0]?.id ?? '', 'nosuchkey000']
    expect((await look({ ids })).response.status).toBe(404)
    const sent = await sendForm(desk.boss, revoke, { csrf_token: await token(), count: '2', ids })
    expect(sent.status).toBe(404)
    expect(await codes(keys)).toEqual(['valid'])
  })
})
