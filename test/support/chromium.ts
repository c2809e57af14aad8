import { existsSync, writeSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe } from 'vitest'

/** Where Debian puts it. CHROMIUM_PATH names another one. */
const chromiumPath = process.env.CHROMIUM_PATH || '/usr/bin/chromium'

/**
 * `describe` for what needs a real browser: one Chromium for the tests within. On a machine without one they are skipped,
 * which one line says; with CI set a missing one fails. `furtherArguments` are switches of Chromium.
 */
export function describeInChromium(
  name: string,
  define: (browser: () => Browser) => void,
  furtherArguments: readonly string[] = [],
): void {
  let browser: Browser | undefined
  const theBrowser = () => {
    if (browser === undefined) throw new Error('Chromium has not been started')
    return browser
  }
  const isMissing = !existsSync(chromiumPath)
  if (isMissing && !process.env.CI) {
    // Not through the console, which Vitest takes hold of and spreads over several lines.
    writeSync(
      1,
      `Skipped "${name}": there is no ${chromiumPath}. Install it with: apt-get install chromium\n`,
    )
    describe.skip(name, () => define(theBrowser))
    return
  }
  describe(name, () => {
    beforeAll(async () => {
      if (isMissing) throw new Error(`CI needs ${chromiumPath}: apt-get install chromium`)
      browser = await chromium.launch({
        executablePath: chromiumPath,
        args: [...chromiumArguments, ...furtherArguments],
      })
    })
    afterAll(() => browser?.close())
    define(theBrowser)
  })
}

/** Quiet and alone: CI runs as root in a container, and nothing may ask the network for anything of its own. */
const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
]
