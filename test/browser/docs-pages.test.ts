import { afterAll, beforeAll, expect, test } from 'vitest'
import { readGuides } from '../../src/http/guides.ts'
import { tags } from '../../src/http/openapi/operations.ts'
import { describeInChromium } from '../support/chromium.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startWholeGateway } from '../support/openapi.ts'
import { openVisit } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

describeInChromium('the pages of the API reference, in a real browser', (browser) => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startWholeGateway()
  })
  afterAll(() => gateway?.close())

  const pages = [
    { path: '/docs', heading: 'API reference' },
    ...tags.map(({ slug, name }) => ({ path: `/docs/${slug}`, heading: name })),
    ...readGuides().map(({ slug, title }) => ({ path: `/docs/${slug}`, heading: title })),
  ]
  test.each(pages)(
    '$path: nothing serious for axe, no sideways scroll, no complaint',
    // Long pages, looked over four times each.
    { timeout: 120_000 },
    async ({ path, heading }) => {
      const visit = await openVisit(browser(), gateway.url)
      await visit.page.goto(`${gateway.url}${path}`)
      expect(await visit.page.getByRole('heading', { level: 1 }).textContent()).toBe(heading)
      await lookOver(visit.page, path, [1280, 360])
      expect(visit.complaints).toEqual([])
      await visit.close()
    },
  )

  test('works without JavaScript: from the front page to an operation and the object that it answers', async () => {
    const visit = await openVisit(browser(), gateway.url, { javaScriptEnabled: false })
    const { page } = visit
    await page.goto(gateway.url)
    await page.getByRole('link', { name: 'API reference' }).click()
    await page.getByRole('link', { name: 'Mint a key for a person or a service account' }).click()
    await page.waitForURL(/\/docs\/minting#mintKey$/)
    await page
      .getByRole('region', { name: /^Mint a key/ })
      .getByRole('link', { name: 'Key', exact: true })
      .first()
      .click()
    await page.waitForURL(/#Key$/)
    expect(await page.getByRole('heading', { name: 'The object Key', exact: true }).isVisible()).toBe(true)
    await visit.close()
  })
})
