import { Field, Select, TextField } from '../fields.tsx'

/** The groups of an owner of keys, and the scopes that the keys can have at most. `null` is no limit. */
export function GroupsAndLimit(props: {
  groups: readonly string[]
  scopeLimit: readonly string[] | null
  typed: Readonly<Record<string, string>>
}) {
  const { groups, scopeLimit, typed } = props
  return (
    <>
      <Field
        name="groups"
        label="Groups"
        hint="Names between spaces. May be left empty."
        value={typed.groups ?? groups.join(' ')}
      />
      <Select
        name="limit"
        label="What the keys may carry"
        value={typed.limit ?? (scopeLimit === null ? 'none' : 'listed')}
        options={[
          { value: 'none', label: 'Any scopes' },
          { value: 'listed', label: 'Only these scopes' },
        ]}
      />
      <TextField
        name="scope_limit"
        label="Only these scopes"
        hint="Between spaces. Every key is cut to them at each use; with none it carries nothing."
        value={typed.scope_limit ?? scopeLimit?.join(' ')}
        rows={2}
      />
    </>
  )
}
