import type { Assets } from '../layout.tsx'
import { DocsLayout } from './docs-layout.tsx'
import { type LinkTo, Markdown } from './markdown.tsx'
import type { Block } from './markdown-blocks.ts'
import type { Reference } from './reference.ts'

/** How to do one thing with Keydesk, from start to finish. */
export function GuidePage(props: {
  assets: Assets
  reference: Reference
  guide: { readonly slug: string; readonly title: string; readonly blocks: readonly Block[] }
  linkTo: LinkTo
}) {
  const { assets, reference, guide, linkTo } = props
  return (
    <DocsLayout assets={assets} reference={reference} slug={guide.slug} title={guide.title}>
      <Markdown blocks={guide.blocks} title={guide.title} linkTo={linkTo} />
    </DocsLayout>
  )
}
