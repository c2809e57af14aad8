import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guideFiles } from '../../src/http/guides.ts'
import { tags } from '../../src/http/openapi/operations.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startWholeGateway } from '../support/openapi.ts'

const pageBytesMax = 30_000
const titles = {
  'protect-an-app': 'Protect an app in five minutes',
  'check-a-key': 'Check a key in your service',
  'move-from-a-shared-key': 'Move from a shared SERVICE_API_KEY',
}
const slugs = Object.keys(titles)

describe('the guides', () => {
  let gateway: TestGateway
  const pages = new Map<string, string>()
  beforeAll(async () => {
    gateway = await startWholeGateway()
    for (const slug of slugs) {
      const response = await gateway.fetch(`/docs/${slug}`)
      expect(response.status, slug).toBe(200)
      pages.set(slug, await response.text())
    }
  })
  afterAll(() => gateway?.close())

  test('each is a page of /docs, where the first page and all others lead to it', async () => {
    const start = await (await gateway.fetch('/docs')).text()
    for (const [slug, title] of Object.entries(titles)) {
      expect(pages.get(slug)).toContain(`<h1>${title}</h1>`)
      for (const html of [start, ...pages.values()]) expect(html).toContain(`href="/docs/${slug}"`)
      expect(tags.map((tag) => tag.slug)).not.toContain(slug)
    }
  })

  test('every page is under 30 KB, asks nobody else for anything, and its links lead somewhere', async () => {
    for (const [slug, html] of pages) {
      expect(Buffer.byteLength(html), slug).toBeLessThan(pageBytesMax)
      expect(html.match(/(?:src|href)="(?!\/|#)[^"]*"/g), slug).toBeNull()
      for (const [, page, anchor = ''] of html.matchAll(/href="(\/docs[\w/-]*)?(?:#([^"]+))?"/g)) {
        const target = page === undefined ? html : await (await gateway.fetch(page)).text()
        if (anchor !== '') expect(target, `${slug}: ${page}#${anchor}`).toContain(` id="${anchor}"`)
      }
    }
  })

  test('nothing of Markdown is left, and what code holds is as it was written', () => {
    for (const [slug, html] of pages) {
      const prose = html.replaceAll(/<code>.*?<\/code>/gs, '')
      expect(prose.match(/\*\*|`|\]\(|^#|\| ---/gm), slug).toBeNull()
    }
    const proxies = pages.get('protect-an-app') ?? ''
    expect(proxies).toContain('<strong>Whoever reaches it directly can say to be anybody.</strong>')
    expect(proxies).toContain('cat &gt; echo.py &lt;&lt;&#39;END&#39;\nfrom http.server import')
    expect(proxies.match(/<table/g)?.length).toBe(2)
  })

  test('the image is built with each of them', () => {
    const letIn = readFileSync(new URL('../../.dockerignore', import.meta.url), 'utf8').split('\n')
    expect(letIn).toEqual(expect.arrayContaining(Object.values(guideFiles).map((file) => `!docs/${file}`)))
  })
})
