import type { Context, Hono } from 'hono'
import { GuidePage } from '../../../templates/docs/guide-page.tsx'
import type { Reference } from '../../../templates/docs/reference.ts'
import { StartPage } from '../../../templates/docs/start-page.tsx'
import { TagPage } from '../../../templates/docs/tag-page.tsx'
import { type Assets, renderPage } from '../../../templates/layout.tsx'
import { KeydeskError } from '../../domain/errors.ts'
import { textTag } from '../entity-tag.ts'
import type { AppEnvironment } from '../environment.ts'
import { guideLink, readGuides } from '../guides.ts'
import type { OpenApiDocument } from '../openapi/document-types.ts'
import { makeReference } from '../openapi/reference.ts'

interface Page {
  readonly text: string
  readonly tag: string
}

/** The guides, and the reference for people, of the document for tools. The same for everybody: each page is made once. */
export function docsRoutes(
  app: Hono<AppEnvironment>,
  { readDocument, assets }: { readDocument: () => OpenApiDocument; assets: Assets },
): void {
  const guides = readGuides()
  let reference: Reference | undefined
  const made = new Map<string, Page>()

  app.get('/docs', (c) =>
    answer(
      c,
      remember('', () => renderPage(StartPage({ assets, reference: read() }))),
    ),
  )

  app.get('/docs/:tag', (c) => {
    const guide = guides.find(({ slug }) => slug === c.req.param('tag'))
    if (guide !== undefined) {
      const page = () => renderPage(GuidePage({ assets, reference: read(), guide, linkTo: guideLink }))
      return answer(c, remember(guide.slug, page))
    }
    const tag = read().tags.find(({ slug }) => slug === c.req.param('tag'))
    if (tag === undefined)
      throw new KeydeskError('not_found', { message: 'The reference has no such page. It begins at /docs.' })
    return answer(
      c,
      remember(tag.slug, () => renderPage(TagPage({ assets, reference: read(), tag }))),
    )
  })

  function read(): Reference {
    reference ??= makeReference(readDocument(), guides)
    return reference
  }

  function remember(slug: string, render: () => string): Page {
    const known = made.get(slug)
    if (known !== undefined) return known
    const text = render()
    const page = { text, tag: textTag(text) }
    made.set(slug, page)
    return page
  }
}

function answer(c: Context<AppEnvironment>, { text, tag }: Page): Response {
  c.header('ETag', tag)
  c.header('Cache-Control', 'no-cache')
  return c.req.header('if-none-match') === tag ? c.body(null, 304) : c.html(text, 200)
}
