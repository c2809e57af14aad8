import { Field, Select, TextField } from '../fields.tsx'

export type KeyFieldsProps = {
  /** What stands in the fields, by their names. */
  values: Record<string, string>
  /** The expiry that can be left as it is; undefined for a new key. */
  kept: Date | null | undefined
  /** Scopes that open something on Keydesk itself. */
  ownScopes: readonly { scope: string; opens: string; isForAdmins: boolean }[]
}

const lifetimes = [
  { value: '7', label: '7 days from now' },
  { value: '30', label: '30 days from now' },
  { value: '90', label: '90 days from now' },
  { value: '365', label: 'A year from now' },
  { value: 'day', label: 'At the end of this day:' },
  { value: 'never', label: 'Never' },
]
const windows = [
  { value: '1', label: 'a second' },
  { value: '60', label: 'a minute' },
  { value: '3600', label: 'an hour' },
  { value: '86400', label: 'a day' },
]

/** What a key is called, carries and is limited to. */
export function KeyFields({ values, kept, ownScopes }: KeyFieldsProps) {
  const { rate_window: window = '60' } = values
  const keep = `As it is: ${kept ? `${kept.toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'never'}`
  return (
    <>
      <Field name="name" label="Name" value={values.name} required maxlength={100} autocomplete="off" />
      <TextField
        name="scopes"
        label="Scopes"
        value={values.scopes}
        rows={2}
        hint="Between spaces. May be left empty."
      />
      <div class="field">
        <details>
          <summary>Scopes that begin with keydesk:</summary>
          <p>
            They open Keydesk itself. All but the last work only on keys whose owner is an administrator, and
            only as long as they are one.
          </p>
          <dl class="facts">
            {ownScopes.map(({ scope, opens }) => (
              <div>
                <dt>
                  <code>{scope}</code>
                </dt>
                <dd>{opens}</dd>
              </div>
            ))}
          </dl>
        </details>
      </div>
      <div class="filters">
        <Select
          name="expires"
          label="Expires"
          value={values.expires}
          options={kept === undefined ? lifetimes : [{ value: 'keep', label: keep }, ...lifetimes]}
        />
        <Field name="expires_on" label="Day (UTC)" type="date" value={values.expires_on} />
        <Field
          name="rate_limit"
          label="Requests at most"
          type="number"
          min="1"
          value={values.rate_limit}
          placeholder="no limit"
        />
        <Select
          name="rate_window"
          label="within"
          value={window}
          options={
            windows.some(({ value }) => value === window)
              ? windows
              : [{ value: window, label: `${window} seconds` }, ...windows]
          }
        />
      </div>
      <TextField
        name="allowed_addresses"
        label="Allowed addresses"
        value={values.allowed_addresses}
        rows={2}
        hint="Addresses and ranges such as 10.0.0.0/8. Left empty: from anywhere."
      />
      <TextField
        name="metadata"
        label="Metadata"
        value={values.metadata}
        rows={Math.min(12, 3 + (values.metadata ?? '').split('\n').length)}
        hint="A JSON object of up to 4 KiB. Whoever checks the key sees it."
      />
    </>
  )
}
