import { PlainTable } from './plain-table.tsx'
import { Prose } from './prose.tsx'
import type { Field } from './reference.ts'

/** Parameters of a request, or members of an object. */
export function FieldTable(props: {
  caption: string
  fields: readonly Field[]
  /** They are answered, and so always there. */
  isAnswer?: boolean
}) {
  const { caption, fields, isAnswer } = props
  return (
    <PlainTable
      caption={caption}
      columns={['Name', 'Type', 'About']}
      rows={fields.map(({ name, where, isRequired, kind, about, object }) => [
        <>
          <code class="whole">{name}</code>
          {where && <span class="line hint">{isRequired ? `${where}, required` : where}</span>}
          {!where && isRequired && !isAnswer && <span class="line hint">required</span>}
        </>,
        object === null ? (
          kind
        ) : (
          <>
            {kind} <a href={`#${object}`}>{object}</a>
          </>
        ),
        about === '' ? '' : <Prose text={about} />,
      ])}
    />
  )
}
