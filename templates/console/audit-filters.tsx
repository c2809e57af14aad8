import { Field, Select } from '../fields.tsx'

/** What the trail can be narrowed by. */
export function AuditFilters({
  actions,
  query,
}: {
  actions: readonly string[]
  query: Record<string, string>
}) {
  return (
    <form method="get" action="/console/audit" class="filters">
      <Select
        name="action"
        label="Action"
        value={query.action}
        options={[
          { value: '', label: 'Any' },
          ...actions.map((action) => ({ value: action, label: action })),
        ]}
      />
      <Field name="email" label="Email address" value={query.email} maxlength={200} autocomplete="off" />
      {query.user_id && <Field name="user_id" label="User id" value={query.user_id} autocomplete="off" />}
      <Field name="actor" label="Done by" value={query.actor} placeholder="user:…" autocomplete="off" />
      <Field name="target" label="Done to" value={query.target} placeholder="key:…" autocomplete="off" />
      <Field name="since" label="From day" type="date" value={query.since} />
      <Field name="until" label="To day" type="date" value={query.until} />
      <button type="submit" class="button">
        Show
      </button>
    </form>
  )
}
