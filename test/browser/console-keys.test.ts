import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { json } from '../support/json.ts'
import { startSignInGateway } from '../support/sign-in.ts'
import { openVisit, pickAccount, type Visit } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

describeInChromium('the keys of the console, in a real browser', (browser) => {
  let desk: Awaited<ReturnType<typeof startSignInGateway>>
  let adaId: string
  beforeAll(async () => {
    desk = await startSignInGateway({ ALLOWED_DOMAINS: 'example.com', ADMIN_EMAILS: 'ada@example.com' })
    const visit = await enter('/console/keys')
    adaId = (await json(await desk.gateway.asAdmin('/admin/users'))).data[0].id
    await visit.close()
  })
  afterAll(() => desk?.close())

  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const post = async (path: string, body: object) => {
    const response = await desk.gateway.asAdmin(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return json(response)
  }
  const mint = (change: object) => post('/admin/keys', { user_id: adaId, ...change })
  const codeFor = async (text: string) => {
    const response = await desk.gateway.fetch('/v1/validate', { headers: { 'x-api-key': text } })
    return (await json(response)).code ?? 'valid'
  }

  /** Signs Ada in, who is an admin, and opens a page. */
  async function enter(path: string, options: { javaScriptEnabled?: boolean } = {}): Promise<Visit> {
    const visit = await openVisit(browser(), desk.gateway.url, options)
    await visit.page.goto(`${desk.gateway.url}/auth/login?return_to=${encodeURIComponent(path)}`)
    await pickAccount(visit.page, 'Ada Example')
    return visit
  }

  /** Looks over each page in turn, and answers on the last. */
  async function lookAt(visit: Visit, pages: [string, string, string][]): Promise<void> {
    for (const [name, path, title] of pages) {
      await visit.page.goto(`${desk.gateway.url}${path}`)
      await heading(visit.page, title)
      await lookOver(visit.page, `console-keys-${name}`, [1280, 360])
    }
  }

  test('the lists and what comes before a key are fit to be seen, wide and narrow, light and dark', async () => {
    for (let count = 1; count <= 12; count += 1) await mint({ name: `deploy of service ${count}` })
    await post('/admin/service-accounts', { name: 'Importer', responsible_user_id: adaId })
    const visit = await enter('/account')
    const { page } = visit
    await lookAt(visit, [
      ['list', '/console/keys', 'Keys'],
      ['filtered', '/console/keys?status=active&unused_days=30&scope=files:read', 'Keys'],
      ['choose', '/console/keys/new', 'Make a key'],
      ['new', `/console/keys/new?user_id=${adaId}`, 'Make a key'],
      ['search', '/console/keys?search=deploy', 'Keys'],
    ])
    await page.getByRole('button', { name: 'Revoke all that this filter takes' }).click()
    await heading(page, 'Revoke keys')
    await lookOver(page, 'console-keys-revoke', [1280, 360])
    expect(visit.complaints).toEqual([])
    await visit.close()
  })

  test('the pages of a key are fit to be seen in every state of it', async () => {
    const account = await post('/admin/service-accounts', {
      name: 'Nightly backup of the shop',
      responsible_user_id: adaId,
    })
    const { key: old, key_text: oldText } = await mint({
      user_id: account.id,
      name: 'backup',
      scopes: ['files:read', 'files:write'],
      metadata: { team: 'shop', pager: { primary: '+44 20 7946 0000' } },
      rate_limit: { limit: 100, window_seconds: 60 },
      allowed_addresses: ['127.0.0.1', '10.0.0.0/8'],
      expires_at: '2099-01-31T12:00:00Z',
    })
    await codeFor(oldText)
    await desk.gateway.fetch('/v1/validate?scope=files:delete', { headers: { 'x-api-key': oldText } })
    const { key: revoked } = await mint({ name: 'left on a train', metadata: { team: 'shop' } })
    await desk.gateway.asAdmin(`/admin/keys/${revoked.id}?reason=left%20on%20a%20train`, { method: 'DELETE' })
    // What was gathered is written when the gateway closes.
    await desk.gateway.restart()
    const visit = await enter('/account')
    const { page } = visit
    await lookAt(visit, [
      ['revoked', `/console/keys/${revoked.id}`, 'left on a train'],
      ['one', `/console/keys/${old.id}`, 'backup'],
    ])
    await page.getByRole('button', { name: 'Rotate this key' }).click()
    await heading(page, 'The new key')
    await lookOver(page, 'console-keys-made', [1280, 360])
    await lookAt(visit, [['retiring', `/console/keys/${old.id}`, 'backup']])
    await page.getByText('Retire it now').click()
    await page.getByText('Revoke this key').click()
    await lookOver(page, 'console-keys-confirm', [1280, 360])
    expect(visit.complaints).toEqual([])
    await visit.close()
  })

  test('by keyboard alone: find a person, make a key, and a reload shows the page of the key', async () => {
    const visit = await enter('/console/keys/new')
    const { page } = visit
    await page.getByLabel('Find a person or a service account').focus()
    await page.keyboard.type('ada')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Make a key for Ada Example' }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Name').focus()
    await page.keyboard.type('made by keyboard')
    await page.keyboard.press('Enter')
    await heading(page, 'The new key')
    const text = await visit.keyText()
    expect(await codeFor(text)).toBe('valid')
    await page.getByText(text).focus()
    expect(await page.evaluate('String(getSelection())')).toContain(text)
    await page.reload()
    await heading(page, 'made by keyboard')
    expect(await page.locator('body').innerText()).not.toContain(text)
    await page.getByText('Revoke this key').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Revoke it for good' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('The key is revoked').waitFor()
    expect(await codeFor(text)).toBe('revoked_key')
    expect(visit.complaints).toEqual([])
    await visit.close()
  })

  test('without JavaScript: make a key, rotate it, retire the old one, revoke some by check boxes', async () => {
    const visit = await enter(`/console/keys/new?user_id=${adaId}`, { javaScriptEnabled: false })
    const { page } = visit
    await page.getByLabel('Name').fill('plain')
    await page.getByLabel('Expires').selectOption('never')
    await page.getByRole('button', { name: 'Make the key' }).click()
    await heading(page, 'The new key')
    const first = await visit.keyText()
    await page.getByRole('link', { name: 'On to the page of this key' }).click()
    await page.getByRole('button', { name: 'Rotate this key' }).click()
    await heading(page, 'The new key')
    const second = await visit.keyText()
    expect([await codeFor(first), await codeFor(second)]).toEqual(['valid', 'valid'])
    await page.getByRole('link', { name: first.split('_')[1] ?? '' }).click()
    await page.getByText('Retire it now').click()
    await page.getByRole('button', { name: 'Retire this key' }).click()
    await page.getByText('The key is retired').waitFor()
    expect([await codeFor(first), await codeFor(second)]).toEqual(['revoked_key', 'valid'])
    await page.goto(`${desk.gateway.url}/console/keys?search=plain&status=active`)
    await page.getByRole('checkbox', { name: 'Choose plain' }).check()
    await page.getByRole('button', { name: 'Revoke the chosen keys' }).click()
    await page.getByText('This revokes 1 key.').waitFor()
    await page.getByLabel('Reason').fill('no longer needed')
    await page.getByRole('button', { name: 'Revoke 1 key' }).click()
    await page.getByText('The keys are revoked').waitFor()
    expect(await codeFor(second)).toBe('revoked_key')
    expect(visit.complaints).toEqual([])
    await visit.close()
  })
})
