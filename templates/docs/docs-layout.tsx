import type { Child } from 'hono/jsx'
import { type Assets, Layout } from '../layout.tsx'
import { Sections } from '../sections.tsx'
import type { Reference } from './reference.ts'

/** The frame of every page of the reference, which leads to all others. */
export function DocsLayout(props: {
  assets: Assets
  reference: Reference
  /** Of the page; null on the first one. */
  slug: string | null
  title: string
  children: Child
}) {
  const { assets, reference, slug, title, children } = props
  const named = [
    ...reference.tags.map(({ slug, name }) => ({ slug, label: name })),
    ...reference.guides.map(({ slug, title }) => ({ slug, label: title })),
  ]
  const pages = named.map(({ slug, label }) => ({ id: slug, label, href: `/docs/${slug}` }))
  return (
    <Layout title={title} assets={assets} place="reference">
      <Sections
        label="API reference"
        links={[{ id: '', label: 'Start', href: '/docs' }, ...pages]}
        current={slug ?? ''}
      />
      <h1>{title}</h1>
      {children}
    </Layout>
  )
}
