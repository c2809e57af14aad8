import { Checkboxes, Field, Select, TextField } from '../fields.tsx'

const proofs = [
  { value: 'session', label: 'A browser that is signed in here' },
  { value: 'key', label: 'An API key' },
  { value: 'jwt', label: 'A JWT that Keydesk made for this app' },
]

/** What is said of an app: where it is, who may reach it, and by what they prove who they are. */
export function AppFields({ values }: { values: Readonly<Record<string, string>> }) {
  const methods = (values.methods ?? '').split(' ')
  return (
    <>
      <Field
        name="host"
        label="Host"
        hint="The name alone, such as app.example.com, or with its port: app.example.com:8443."
        value={values.host}
        required
        maxlength={300}
        autocomplete="off"
      />
      <TextField
        name="path_prefixes"
        label="Only these paths"
        hint="Each with what is below it, such as /reports, one to a line. All other paths of the host are then closed, unless another app names them. Left empty: the whole host."
        value={values.path_prefixes}
        rows={rowsFor(values.path_prefixes)}
      />
      <Field
        name="groups"
        label="For these groups"
        hint="Whoever is in one of them, between spaces. Left empty: everybody."
        value={values.groups}
        autocomplete="off"
      />
      <Select
        name="roles"
        label="For this role"
        value={values.roles}
        options={[
          { value: '', label: 'Members and administrators' },
          { value: 'admin', label: 'Administrators alone' },
          { value: 'member', label: 'Members alone' },
        ]}
      />
      <Field
        name="scopes"
        label="With these scopes"
        hint="All of them, between spaces. A browser carries no scopes: with any, only keys and JWTs pass."
        value={values.scopes}
        autocomplete="off"
      />
      <Checkboxes
        name="methods"
        legend="By what they prove who they are"
        options={proofs.map((proof) => ({ ...proof, isOn: methods.includes(proof.value) }))}
      />
      <Field name="note" label="Note" value={values.note} maxlength={500} hint="May be left empty." />
    </>
  )
}

/** Enough lines to see most lists whole, and no more than leave the rest of the form in sight. */
function rowsFor(text = ''): number {
  return Math.min(Math.max(text.split('\n').length, 2), 12)
}
