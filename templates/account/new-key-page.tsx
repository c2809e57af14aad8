import { Checkboxes, Field, Select } from '../fields.tsx'
import { Form } from '../form.tsx'
import { type AccountFrame, AccountLayout } from './account-layout.tsx'

export type NewKeyPageProps = {
  frame: AccountFrame
  /** Names this form: sent again, it makes no second key. */
  once: string
  /** What was filled in. */
  typed: { name: string; scopes: readonly string[]; lifetime: string }
  lifetimes: readonly number[]
  /** What may be chosen. */
  scopes: readonly string[]
}

/** The form that makes a key. */
export function NewKeyPage({ frame, once, typed, lifetimes, scopes }: NewKeyPageProps) {
  return (
    <AccountLayout frame={frame} section="keys" title="Make a key">
      <p class="lede">The key is shown once, on the next page. Have a place ready to keep it.</p>
      <Form action="/account/keys" token={frame.token} class="slot">
        <input type="hidden" name="once" value={once} />
        <Field
          name="name"
          label="Name"
          hint="What it is for, so that you know it again: “nightly export”, “my laptop”."
          value={typed.name}
          required
          maxlength={100}
          autocomplete="off"
        />
        <Select
          name="lifetime"
          label="Works for"
          hint="After that it stops. You can rotate it before, and nothing breaks."
          value={typed.lifetime}
          options={lifetimes.map((days) => ({
            value: String(days),
            label: days === 365 ? '1 year' : `${days} days`,
          }))}
        />
        {scopes.length > 0 && (
          <Checkboxes
            name="scopes"
            legend="Scopes"
            hint="What the services behind Keydesk let it do. Give it what it needs, and no more."
            options={scopes.map((scope) => ({
              value: scope,
              label: scope,
              isOn: typed.scopes.includes(scope),
            }))}
          />
        )}
        <button type="submit" class="button main">
          Make the key
        </button>
      </Form>
      <p class="aside">
        <a href="/account/keys">Back to your keys</a>
      </p>
    </AccountLayout>
  )
}
