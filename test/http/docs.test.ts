import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/domain/errors.ts'
import type { OpenApiDocument } from '../../src/http/openapi/document-types.ts'
import { tags } from '../../src/http/openapi/operations.ts'
import type { TestGateway } from '../support/gateway.ts'
import { operationsOf, readDocument, startWholeGateway } from '../support/openapi.ts'

const pageBytesMax = 30_000

describe('the API reference', () => {
  let gateway: TestGateway
  let document: OpenApiDocument
  const pages = new Map<string, string>()
  beforeAll(async () => {
    gateway = await startWholeGateway()
    document = await readDocument(gateway)
    for (const slug of ['', ...tags.map((tag) => tag.slug)]) {
      const response = await gateway.fetch(`/docs${slug === '' ? '' : `/${slug}`}`)
      expect(response.status, slug).toBe(200)
      pages.set(slug, await response.text())
    }
  })
  afterAll(() => gateway?.close())

  test('every page is under 30 KB, and asks nobody else for anything', () => {
    for (const [slug, html] of pages) {
      expect(Buffer.byteLength(html), slug).toBeLessThan(pageBytesMax)
      expect(html.match(/(?:src|href)="(?!\/|#)[^"]*"/g), slug).toBeNull()
      expect(html, slug).not.toMatch(/<style|<script(?! type="module" src="\/assets\/)| style="| on[a-z]+="/)
    }
  })

  test('every operation of the document has its place, on the page of its tag and in the list of all', () => {
    for (const [name, { operationId, tags: named }] of operationsOf(document)) {
      const slug = tags.find((tag) => tag.name === named?.[0])?.slug ?? ''
      expect(pages.get(slug), name).toContain(`<h2 id="${operationId}">`)
      expect(pages.get(slug), name).toContain(name)
      expect(pages.get(''), name).toContain(`href="/docs/${slug}#${operationId}"`)
    }
    for (const code of Object.keys(errorCodes)) expect(pages.get('')).toContain(`<code>${code}</code>`)
  })

  test('every link within a page leads somewhere', () => {
    for (const [slug, html] of pages) {
      for (const [, target = ''] of html.matchAll(/href="#([^"]+)"/g))
        expect(html, `${slug}: #${target}`).toContain(` id="${target}"`)
    }
  })

  test('an operation says which scope a key needs, what it takes, what it answers and how to call it', () => {
    const html =
      pages
        .get('minting')
        ?.replaceAll(/<[^>]+>/g, '')
        .replaceAll(/\s+/g, ' ') ?? ''
    for (const text of [
      'POST /admin/keys',
      'keydesk:keys.mint or keydesk:admin',
      'Idempotency-Key',
      'Idempotency-Replayed',
      'allowed_addresses',
      'conflict',
      'insufficient_scope',
      '-H &quot;Authorization: Bearer $PROXY_MASTER_KEY&quot;',
    ])
      expect(html).toContain(text)
  })

  test('a page has an ETag, and a page that is not there is a page that says so', async () => {
    const first = await gateway.fetch('/docs/keys')
    const again = await gateway.fetch('/docs/keys', {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
    const missing = await gateway.fetch('/docs/nothing', { headers: { accept: 'text/html' } })
    expect([missing.status, await missing.text()]).toEqual([
      404,
      expect.stringContaining('It begins at /docs.'),
    ])
  })
})
