import type { Assets } from '../layout.tsx'
import { DocsLayout } from './docs-layout.tsx'
import { PlainTable } from './plain-table.tsx'
import { Prose } from './prose.tsx'
import type { Reference } from './reference.ts'

/** Where the reference begins: what holds for every call, and where to find each. */
export function StartPage({ assets, reference }: { assets: Assets; reference: Reference }) {
  return (
    <DocsLayout assets={assets} reference={reference} slug={null} title="API reference">
      <p class="lede">
        What Keydesk answers to services and scripts. The same as a document for tools:{' '}
        <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).
      </p>
      <section>
        <h2>Guides</h2>
        <ul>
          {reference.guides.map(({ slug, title }) => (
            <li>
              <a href={`/docs/${slug}`}>{title}</a>
            </li>
          ))}
        </ul>
      </section>
      {reference.introduction.map(({ title, text }) => (
        <section>
          <h2>{title}</h2>
          <p>
            <Prose text={text} />
          </p>
        </section>
      ))}
      {reference.tags.map(({ name, slug, operations }) => (
        <section>
          <h2>
            <a href={`/docs/${slug}`}>{name}</a>
          </h2>
          <PlainTable
            caption={`Operations: ${name}`}
            columns={['Operation', 'What it does']}
            rows={operations.map(({ id, method, path, summary }) => [
              <code>
                {method} {path}
              </code>,
              <a href={`/docs/${slug}#${id}`}>{summary}</a>,
            ])}
          />
        </section>
      ))}
      <section>
        <h2 id="error-codes">Error codes</h2>
        <PlainTable
          caption="Error codes"
          columns={['Code', 'Status', 'Title']}
          rows={reference.errors.map(({ code, status, title }) => [<code>{code}</code>, status, title])}
        />
      </section>
    </DocsLayout>
  )
}
