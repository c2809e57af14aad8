import type { Child } from 'hono/jsx'

/** A form that changes something: it posts, and carries the token of the session. */
export function Form(props: {
  action: string
  token: string
  class?: string
  /** For fields that stand elsewhere. */
  id?: string
  children?: Child
}) {
  const { action, token, class: className, id, children } = props
  return (
    <form method="post" action={action} class={className} id={id}>
      <input type="hidden" name="csrf_token" value={token} />
      {children}
    </form>
  )
}

/**
 * Something that cannot be taken back: the button is behind a second one that says what will happen. Works without
 * JavaScript, and by keyboard.
 */
export function Confirm(props: {
  /** On the outside: what is offered. */
  label: string
  /** What will happen. */
  question: string
  /** On the button that does it. */
  doIt: string
  action: string
  token: string
  /** Fields that nobody sees, by their names. */
  hidden?: Readonly<Record<string, string>>
  children?: Child
}) {
  const { label, question, doIt, action, token, hidden = {}, children } = props
  return (
    <details class="confirm">
      <summary class="button">{label}</summary>
      <Form action={action} token={token}>
        {Object.entries(hidden).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <p>{question}</p>
        {children}
        <button type="submit" class="button destroy">
          {doIt}
        </button>
      </Form>
    </details>
  )
}
