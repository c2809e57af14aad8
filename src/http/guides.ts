import { readFileSync } from 'node:fs'
import { type Block, readMarkdown } from '../../templates/docs/markdown-blocks.ts'

/** A text of `docs/` that is also a page of `/docs`. */
export interface Guide {
  readonly slug: string
  readonly title: string
  readonly blocks: readonly Block[]
}

/** Pages, and their files in `docs/`. `npm run build` takes these along, and `.dockerignore` has to let them in. */
export const guideFiles = {
  'protect-an-app': 'proxies.md',
  'check-a-key': 'check-a-key.md',
  'move-from-a-shared-key': 'move-from-a-shared-key.md',
} as const

const folder = new URL('../../docs/', import.meta.url)

/** The guides, in the order in which they are offered. */
export function readGuides(): readonly Guide[] {
  return Object.entries(guideFiles).map(([slug, file]) => ({
    slug,
    ...readMarkdown(readFileSync(new URL(file, folder), 'utf8')),
  }))
}

/** Where a link of a guide leads on this Keydesk; null for documents that only the source has. */
export function guideLink(target: string): string | null {
  if (target.startsWith('#')) return target
  const [file = '', anchor] = target.split('#')
  if (file === 'api.md') return '/docs'
  const [slug] = Object.entries(guideFiles).find(([, name]) => name === file) ?? []
  if (slug === undefined) return null
  return anchor === undefined ? `/docs/${slug}` : `/docs/${slug}#${anchor}`
}
