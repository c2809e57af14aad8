import { Field, Select } from '../fields.tsx'
import { Form } from '../form.tsx'

/** Two forms that lead to a look at what a new rule would do. */
export function AccessRuleForms(props: {
  token: string
  providers: readonly { id: string; label: string }[]
  /** What was typed before, where it could not be done. */
  typed: Readonly<Record<string, string>>
}) {
  const { token, providers, typed } = props
  const choices = providers.map(({ id, label }) => ({ value: id, label }))
  const isDeny = typed.kind === 'deny_email'
  const nothing: typeof typed = {}
  const [allowed, denied] = isDeny ? [nothing, typed] : [typed, nothing]
  const path = '/console/access-rules/preview'
  return (
    <>
      <h2>Let somebody in</h2>
      <Form action={path} token={token} class="slot">
        <Select
          name="kind"
          label="Who"
          value={allowed.kind}
          options={[
            { value: 'allow_domain', label: 'Everybody at a domain' },
            { value: 'allow_email', label: 'One address' },
          ]}
        />
        <Field
          name="value"
          label="Domain or address"
          value={allowed.value}
          required
          maxlength={300}
          autocomplete="off"
        />
        <Select name="provider" label="Signs in with" value={allowed.provider} options={choices} />
        <Field name="note" label="Note" value={allowed.note} maxlength={500} hint="Why. May be left empty." />
        <button type="submit" class="button main">
          See what it would do
        </button>
      </Form>
      <h2>Keep somebody out</h2>
      <Form action={path} token={token} class="slot">
        <input type="hidden" name="kind" value="deny_email" />
        <Field
          id="f-denied"
          name="value"
          label="Address"
          value={denied.value}
          required
          maxlength={300}
          autocomplete="off"
        />
        <Select
          id="f-denied-provider"
          name="provider"
          label="Whoever signs in with"
          value={denied.provider}
          options={[{ value: '*', label: 'Every provider' }, ...choices]}
        />
        <Field
          id="f-denied-note"
          name="note"
          label="Note"
          value={denied.note}
          maxlength={500}
          hint="Why. May be left empty."
        />
        <button type="submit" class="button">
          See what it would do
        </button>
      </Form>
    </>
  )
}
