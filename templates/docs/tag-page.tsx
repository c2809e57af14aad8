import type { Assets } from '../layout.tsx'
import { DocsLayout } from './docs-layout.tsx'
import { FieldTable } from './field-table.tsx'
import { OperationSection } from './operation-section.tsx'
import type { Reference, ReferenceTag } from './reference.ts'

/** One part of the API: its operations, and the objects that they answer. */
export function TagPage(props: { assets: Assets; reference: Reference; tag: ReferenceTag }) {
  const { assets, reference, tag } = props
  return (
    <DocsLayout assets={assets} reference={reference} slug={tag.slug} title={tag.name}>
      <p class="lede">{tag.description}</p>
      <p>On this page:</p>
      <nav aria-label="On this page">
        <ul>
          {tag.operations.map(({ id, summary }) => (
            <li>
              <a href={`#${id}`}>{summary}</a>
            </li>
          ))}
        </ul>
      </nav>
      {tag.operations.map((operation) => (
        <OperationSection operation={operation} />
      ))}
      {tag.objects.map(({ name, fields, example }) => (
        <section aria-labelledby={name}>
          <h2 id={name}>The object {name}</h2>
          <FieldTable caption={`Members of ${name}`} fields={fields} isAnswer />
          <div class="snippet">
            <pre>
              <code>{example}</code>
            </pre>
          </div>
        </section>
      ))}
    </DocsLayout>
  )
}
