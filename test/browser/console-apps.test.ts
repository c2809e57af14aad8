import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { startSignInGateway } from '../support/sign-in.ts'
import { openVisit, pickAccount, type Visit } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

const widths = [1280, 360]

describeInChromium('the apps of the console, in a real browser', (browser) => {
  let desk: Awaited<ReturnType<typeof startSignInGateway>>
  beforeAll(async () => {
    desk = await startSignInGateway({ ADMIN_EMAILS: 'ada@example.com', AUTH_RATE_LIMIT: 'off' })
  })
  afterAll(() => desk?.close())

  async function sit(path: string, javaScriptEnabled = true): Promise<Visit> {
    const visit = await openVisit(browser(), desk.gateway.url, { javaScriptEnabled })
    await visit.page.goto(`${desk.gateway.url}/auth/login?return_to=${encodeURIComponent(path)}`)
    await pickAccount(visit.page, 'Ada Example')
    return visit
  }
  const heading = (page: Page) => page.getByRole('heading', { level: 1 }).innerText()
  const notice = (page: Page) => page.locator('.notice').innerText()

  test('an app is added, is found in the list, and is changed', async () => {
    const visit = await sit('/console/apps')
    const { page } = visit
    try {
      await lookOver(page, 'console apps empty', widths)
      await page.getByRole('link', { name: 'Add an app' }).click()
      expect(await heading(page)).toBe('Add an app')
      await lookOver(page, 'console app new', widths)
      await page.getByLabel('Host').fill('reports.example.com')
      await page.getByLabel('Only these paths').fill('/finance\n/api/finance')
      await page.getByLabel('For these groups').fill('finance controlling')
      await page.getByLabel('With these scopes').fill('reports:read')
      await page.getByLabel('A browser that is signed in here').uncheck()
      await page.getByLabel('Note').fill('The dashboard of the finance team')
      await page.getByRole('button', { name: 'Add the app' }).click()
      expect(await notice(page)).toContain('The app is added')
      for (const app of [
        { host: 'reports.example.com' },
        { host: 'grafana.example.com:8443', roles: ['admin'] },
      ])
        await desk.gateway.asAdmin('/admin/apps', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(app),
        })
      await page.goto(`${desk.gateway.url}/console/apps`)
      await lookOver(page, 'console apps', widths)
      await page.getByRole('link', { name: 'reports.example.com' }).last().click()
      expect(await heading(page)).toBe('reports.example.com')
      await page.getByText('Remove this app', { exact: true }).click()
      await lookOver(page, 'console app', widths)
      await page.getByLabel('For this role').selectOption('Administrators alone')
      await page.getByRole('button', { name: 'Save the changes' }).click()
      expect(await notice(page)).toContain('The change is in force.')
      expect(visit.complaints).toEqual([])
    } finally {
      await visit.close()
    }
  })

  test('what makes no sense is said beside what was typed, and nothing needs JavaScript', async () => {
    const visit = await sit('/console/apps/new', false)
    const { page } = visit
    try {
      await page.getByLabel('Host').fill('https://tools.example.com')
      await page.getByLabel('An API key').uncheck()
      await page.getByRole('button', { name: 'Add the app' }).click()
      expect(await notice(page)).toContain('must be a host alone')
      expect(await page.getByLabel('Host').inputValue()).toBe('https://tools.example.com')
      expect(await page.getByLabel('An API key').isChecked()).toBe(false)
      expect(await page.getByLabel('A browser that is signed in here').isChecked()).toBe(true)
      await page.getByLabel('Host').fill('tools.example.com')
      await page.getByRole('button', { name: 'Add the app' }).click()
      await page.getByRole('link', { name: 'tools.example.com' }).click()
      await page.getByText('Remove this app', { exact: true }).click()
      await page.getByRole('button', { name: 'Remove it' }).click()
      expect(await notice(page)).toContain('The app is removed.')
      expect(await page.getByRole('link', { name: 'tools.example.com' }).count()).toBe(0)
    } finally {
      await visit.close()
    }
  })
})
