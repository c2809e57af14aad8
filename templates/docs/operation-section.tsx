import { FieldTable } from './field-table.tsx'
import { PlainTable } from './plain-table.tsx'
import { Prose } from './prose.tsx'
import type { ReferenceAnswer, ReferenceOperation } from './reference.ts'

/** One operation, whole: who may call it, what it takes, what it answers. */
export function OperationSection({ operation }: { operation: ReferenceOperation }) {
  const { id, method, path, summary, description, opens, parameters, body, answers, errors, curl } = operation
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{summary}</h2>
      <p>
        <strong>
          <code>
            {method} {path}
          </code>
        </strong>
      </p>
      {description && (
        <p>
          <Prose text={description} />
        </p>
      )}
      <p class="quiet">
        <Prose text={opens.join(' ')} />
      </p>
      <div class="snippet">
        <pre>
          <code>{curl}</code>
        </pre>
      </div>
      {parameters.length > 0 && (
        <>
          <h3>Parameters</h3>
          <FieldTable caption={`Parameters of ${method} ${path}`} fields={parameters} />
        </>
      )}
      {body.length > 0 && (
        <>
          <h3>Body</h3>
          <FieldTable caption={`Body of ${method} ${path}`} fields={body} />
        </>
      )}
      <h3>Answers</h3>
      <PlainTable
        caption={`Answers of ${method} ${path}`}
        columns={['Status', 'Answer']}
        rows={[
          ...answers.map((answer) => [<strong>{answer.status}</strong>, <GoodAnswer answer={answer} />]),
          ...(errors.length === 0 ? [] : [['Errors', <Errors errors={errors} />]]),
        ]}
      />
    </section>
  )
}

/** By status, the codes of each. */
function Errors({ errors }: Pick<ReferenceOperation, 'errors'>) {
  return (
    <>
      {errors.map(({ status, codes }) => (
        <span class="line">
          {status} <code>{codes.join(' ')}</code>
        </span>
      ))}
    </>
  )
}

function GoodAnswer({ answer }: { answer: ReferenceAnswer }) {
  const { about, headers, object, fields } = answer
  return (
    <>
      <span class="line">
        <Prose text={about} />
      </span>
      {object !== null && (
        <span class="line">
          Object: <a href={`#${object}`}>{object}</a>
        </span>
      )}
      {fields.map(({ name, kind, object: of }) => (
        <span class="line">
          <code>{name}</code>: {kind} {of !== null && <a href={`#${of}`}>{of}</a>}
        </span>
      ))}
      {headers.length > 0 && (
        <span class="line hint">
          Headers: {headers.map((name, index) => [index > 0 && ', ', <code>{name}</code>])}
        </span>
      )}
    </>
  )
}
