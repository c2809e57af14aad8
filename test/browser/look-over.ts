import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Name a folder here to get a picture of each page, light and dark, wide and narrow. */
const screenshots = process.env.SCREENSHOTS

/** Fails where the page in front of it has a serious finding of axe, or scrolls sideways: light and dark, at each width in pixels. */
export async function lookOver(page: Page, name: string, widths: readonly number[]): Promise<void> {
  if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true })
  await page.evaluate(axe)
  // What axe sees depends on the width and on the scheme, but not on both together: the widest light, the narrowest dark.
  const [widest, narrowest] = [Math.max(...widths), Math.min(...widths)]
  for (const colorScheme of ['light', 'dark'] as const) {
    // Without motion, or axe would see buttons halfway between the two schemes.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      if (width === (colorScheme === 'light' ? widest : narrowest))
        expect(await seriousFindings(page)).toEqual([])
      if (screenshots === undefined) continue
      const path = `${screenshots}/${name.replaceAll(/[^a-z0-9]+/gi, '-')}-${width}-${colorScheme}.png`
      await page.screenshot({ path, fullPage: true })
    }
  }
}

/** What axe-core calls serious or critical, as text. It may not preload: the CSP forbids what that asks for. */
async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>(
    "axe.run(document, { preload: false, resultTypes: ['violations'] })",
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
