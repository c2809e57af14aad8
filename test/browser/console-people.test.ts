import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { json } from '../support/json.ts'
import { keyFor, startSignInGateway } from '../support/sign-in.ts'
import { signInForSession } from '../support/signed-in.ts'
import { openVisit, pickAccount, type Visit } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

const widths = [1280, 360]

describeInChromium('the console about people and machines, in a real browser', (browser) => {
  let desk: Awaited<ReturnType<typeof startSignInGateway>>
  let aliceId: string
  beforeAll(async () => {
    desk = await startSignInGateway({ ADMIN_EMAILS: 'ada@example.com', AUTH_RATE_LIMIT: 'off' })
    for (let count = 0; count < 3; count += 1) await keyFor(desk, 'alice@example.com')
    await signInForSession(desk, 'alice@example.com')
    const { data } = await json(await desk.gateway.asAdmin('/admin/users?search=alice'))
    aliceId = data[0].id
  })
  afterAll(() => desk?.close())

  /** An admin at a page of the console. Without JavaScript everything has to work all the same. */
  async function sit(path: string, javaScriptEnabled = true): Promise<Visit> {
    const visit = await openVisit(browser(), desk.gateway.url, { javaScriptEnabled })
    await visit.page.goto(`${desk.gateway.url}/auth/login?return_to=${encodeURIComponent(path)}`)
    await pickAccount(visit.page, 'Ada Example')
    return visit
  }
  const heading = (page: Page) => page.getByRole('heading', { level: 1 }).innerText()
  const notice = (page: Page) => page.locator('.notice').innerText()

  test('the list leads to a user, whose groups are changed', async () => {
    const visit = await sit('/console/users')
    const { page } = visit
    try {
      await lookOver(page, 'console users', widths)
      await page.getByLabel('Name or address').fill('alice')
      await page.getByRole('button', { name: 'Show', exact: true }).click()
      await page.getByRole('link', { name: 'Alice Example' }).click()
      expect(await heading(page)).toBe('Alice Example')
      await page.getByLabel('Groups').fill('ops reports')
      await page.getByLabel('What the keys may carry').selectOption('Only these scopes')
      await page.getByLabel('Only these scopes').fill('reports:read')
      await page.getByRole('button', { name: 'Save' }).click()
      expect(await notice(page)).toContain('The change is in force.')
      await lookOver(page, 'console user', widths)
      expect(visit.complaints).toEqual([])
    } finally {
      await visit.close()
    }
  })

  test('what takes something away is asked for twice, without JavaScript too', async () => {
    const visit = await sit(`/console/users/${aliceId}`, false)
    const { page } = visit
    try {
      await page.getByText('Disable', { exact: true }).click()
      await page.getByRole('button', { name: 'Disable this user' }).click()
      expect(await notice(page)).toContain('The user is disabled')
      await page.getByRole('button', { name: 'Enable' }).click()
      expect(await notice(page)).toContain('The user is enabled')
    } finally {
      await visit.close()
    }
  })

  test('what is open to be confirmed can be read, also where the admin means themselves', async () => {
    const visit = await sit('/console/users?role=admin')
    const { page } = visit
    try {
      await page.getByRole('link', { name: 'Ada Example' }).click()
      for (const label of ['Give up my role', 'Disable myself', 'Erase myself'])
        await page.getByText(label, { exact: true }).click()
      await page.getByText('End every session').click()
      await page.getByText('Approve another account').click()
      await lookOver(page, 'console self', widths)
      await page.getByRole('button', { name: 'Stop being an administrator' }).click()
      expect(await notice(page)).toContain('This is the last admin.')
      expect(await heading(page)).toBe('Ada Example')
      expect(visit.complaints).toEqual([])
    } finally {
      await visit.close()
    }
  })

  test('a service account is made, and is on its own page', async () => {
    const visit = await sit('/console/service-accounts')
    const { page } = visit
    try {
      await lookOver(page, 'console service accounts empty', widths)
      expect(await page.getByLabel('Who answers for it').inputValue()).toBe('ada@example.com')
      await page.locator('#f-name').fill('Nightly build of the reports')
      await page.locator('#f-groups').fill('ci')
      await page.getByRole('button', { name: 'Make the service account' }).click()
      expect(await heading(page)).toBe('Nightly build of the reports')
      expect(await notice(page)).toContain('Now make a key for it.')
      await lookOver(page, 'console service account', widths)
      await page.goto(`${desk.gateway.url}/console/service-accounts`)
      await lookOver(page, 'console service accounts', widths)
      expect(visit.complaints).toEqual([])
    } finally {
      await visit.close()
    }
  })
})
