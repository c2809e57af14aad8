import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { json } from '../support/json.ts'
import { startSignInGateway } from '../support/sign-in.ts'
import { keyTextOf, openVisit, pickAccount } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

const widths = [1280, 360]
/** Every page of it is looked over, at both widths and in both schemes. */
const journeyMs = 180_000

describeInChromium('staff at the desk, in a real browser', (browser) => {
  let desk: Awaited<ReturnType<typeof startSignInGateway>>
  beforeAll(async () => {
    desk = await startSignInGateway({
      ALLOWED_DOMAINS: 'example.com',
      SELF_SERVICE_SCOPES: 'reports:read,reports:write,builds:start',
      // So that a use is on the page at once.
      USAGE_FLUSH_INTERVAL: '1s',
    })
  })
  afterAll(() => desk?.close())

  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
  const follow = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click()

  async function enter(page: Page, name: string): Promise<void> {
    await page.goto(`${desk.gateway.url}/account`)
    await pickAccount(page, name)
    await heading(page, 'Your account')
  }

  /** Opens what hides a button that destroys, and presses it. */
  async function confirm(page: Page, label: string, doIt: string): Promise<void> {
    await page.locator('summary', { hasText: label }).click()
    await press(page, doIt)
  }

  /** As a script of theirs uses the key. */
  async function use(keyText: string) {
    const headers = { 'x-api-key': keyText, 'user-agent': 'nightly-export/1.0' }
    return json(await desk.gateway.fetch('/v1/validate?scope=reports:read', { headers }))
  }

  test.each([
    ['with', true, 'Alice Example'],
    ['without', false, 'Ada Example'],
  ])(
    '%s JavaScript: from the first key by rotation to the last, and out',
    async (_, javaScriptEnabled, name) => {
      const visit = await openVisit(browser(), desk.gateway.url, {
        javaScriptEnabled,
        permissions: ['clipboard-read', 'clipboard-write'],
      })
      const { page } = visit
      // axe, which looks the pages over, is a script.
      const look = async (what: string) => {
        if (javaScriptEnabled) await lookOver(page, `staff-${what}`, widths)
        expect(await page.locator('.button.main').count(), what).toBeLessThanOrEqual(1)
      }
      await enter(page, name)
      await look('account-empty')
      await follow(page, 'Your keys')
      await heading(page, 'Your keys')
      expect(await page.locator('.empty').innerText()).toContain('You have no key that works.')
      await look('keys-empty')

      await follow(page, 'Make a key')
      await heading(page, 'Make a key')
      await look('new-key')
      await page.getByLabel('Name').fill('   ')
      await page.getByLabel('reports:read').check()
      await page.getByLabel('Works for').selectOption('30')
      await press(page, 'Make the key')
      // What was filled in is still there.
      await page.getByRole('alert').waitFor()
      await look('new-key-refused')
      expect(await page.getByLabel('reports:read').isChecked()).toBe(true)
      expect(await page.getByLabel('Works for').inputValue()).toBe('30')
      await page.getByLabel('Name').fill('nightly export')
      await press(page, 'Make the key')
      await heading(page, 'Your API key')
      const first = await keyTextOf(page)
      await look('key-made')
      if (javaScriptEnabled) {
        await press(page, 'Copy key')
        await page.getByRole('button', { name: 'Copied' }).waitFor()
        expect(await page.evaluate('navigator.clipboard.readText()')).toBe(first)
      }
      expect(await use(first)).toMatchObject({ valid: true, key: { name: 'nightly export' } })

      // Loaded anew, the form is sent again.
      await page.reload()
      await heading(page, 'This key was shown already')
      expect(await page.content()).not.toContain(first.slice(16))
      await look('made-before')
      await follow(page, 'Go to the key')
      await heading(page, 'nightly export')
      await expect
        .poll(async () => {
          await page.reload()
          return page.locator('dl.facts').innerText()
        })
        .toContain('nightly-export/1.0')
      await look('key')

      await press(page, 'Rotate')
      await heading(page, 'Your new API key')
      const second = await keyTextOf(page)
      await look('key-rotated')
      for (const keyText of [first, second]) expect((await use(keyText)).valid).toBe(true)
      await follow(page, 'Done')
      await heading(page, 'nightly export')
      await look('successor')
      await page.getByLabel('The key it replaces').getByRole('link').click()
      await page.getByText('Last use of the old one').waitFor()
      await look('retiring')
      await confirm(page, 'Retire now', 'Retire this key')
      await page.getByRole('status').getByText('The old key has retired').waitFor()
      await look('retired')
      expect((await use(first)).code).toBe('revoked_key')
      expect((await use(second)).valid).toBe(true)

      await follow(page, 'Back to your keys')
      await heading(page, 'Your keys')
      await look('keys')
      await follow(page, 'nightly export')
      await page.locator('summary', { hasText: 'Revoke' }).click()
      await look('revoke-asked')
      await press(page, 'Revoke this key')
      await page.getByRole('status').getByText('The key is revoked').waitFor()
      expect((await use(second)).code).toBe('revoked_key')
      await page.goto(`${desk.gateway.url}/account/keys?show=revoked`)
      expect(await page.locator('.cards li').count()).toBe(2)
      await look('keys-revoked')

      const other = await openVisit(browser(), desk.gateway.url)
      await enter(other.page, name)
      await follow(page, 'Your account')
      await heading(page, 'Your account')
      await look('account')
      await press(page, 'Sign out everywhere')
      await heading(page, 'Show your ID')
      await other.page.reload()
      expect(new URL(other.page.url()).origin).not.toBe(desk.gateway.url)
      expect(visit.complaints).toEqual([])
      for (const { close } of [visit, other]) await close()
    },
    journeyMs,
  )

  test('one browser signs another out, which is asked to sign in at its next click', async () => {
    const [here, there] = [
      await openVisit(browser(), desk.gateway.url),
      await openVisit(browser(), desk.gateway.url),
    ]
    const cleo = {
      sub: '2',
      email: 'cleo@example.com',
      email_verified: true,
      name: 'Cleo',
      hd: 'example.com',
    }
    desk.standIn.accounts.push(cleo)
    await enter(there.page, 'Cleo')
    await enter(here.page, 'Cleo')
    await press(here.page, 'Sign out there')
    await here.page.getByRole('status').getByText('That browser is signed out.').waitFor()
    expect(await here.page.getByRole('button', { name: 'Sign out there' }).count()).toBe(0)
    await there.page.getByRole('link', { name: 'Your keys', exact: true }).click()
    expect(new URL(there.page.url()).origin).not.toBe(desk.gateway.url)
    for (const { close } of [here, there]) await close()
  })
})
