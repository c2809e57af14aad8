import { Field, Select } from '../fields.tsx'

const anyDays = (counts: readonly number[]) => [
  { value: '', label: 'Any' },
  ...counts.map((count) => ({ value: String(count), label: `${count} days` })),
]
const furtherNames = ['user_id', 'scope', 'created_through', 'unused_since', 'expiring_before']

/** What narrows a list of keys. */
export function KeyFilters({ query }: { query: Record<string, string> }) {
  const { search, status, unused_days, expiring_days, sort } = query
  const { user_id, scope, created_through, unused_since, expiring_before } = query
  return (
    <form method="get" action="/console/keys" class="slot">
      <div class="filters">
        <Field name="search" label="Find" type="search" value={search} placeholder="key id, name or email" />
        <Select
          name="status"
          label="Status"
          value={status}
          options={[
            { value: '', label: 'Any' },
            { value: 'active', label: 'Active' },
            { value: 'retiring', label: 'Retiring' },
            { value: 'expired', label: 'Expired' },
            { value: 'revoked', label: 'Revoked' },
          ]}
        />
        <Select name="unused_days" label="Unused for" value={unused_days} options={anyDays([30, 90, 180])} />
        <Select
          name="expiring_days"
          label="Expires within"
          value={expiring_days}
          options={anyDays([7, 30, 90])}
        />
        <Select
          name="sort"
          label="Order"
          value={sort}
          options={[
            { value: '', label: 'Newest first' },
            { value: 'created_at', label: 'Oldest first' },
            { value: 'expires_at', label: 'Expires first' },
            { value: '-last_used_at', label: 'Used last' },
            { value: 'last_used_at', label: 'Longest unused' },
          ]}
        />
      </div>
      <div class="field">
        <details open={furtherNames.some((name) => query[name] !== undefined)}>
          <summary>More filters</summary>
          <div class="filters">
            <Field name="user_id" label="Owner’s user id" value={user_id} autocomplete="off" />
            <Field name="scope" label="Scope" value={scope} autocomplete="off" />
            <Select
              name="created_through"
              label="Made through"
              value={created_through}
              options={[
                { value: '', label: 'Any' },
                { value: 'sso', label: 'Sign-in' },
                { value: 'admin', label: 'An administrator' },
                { value: 'self-service', label: 'The account page' },
              ]}
            />
            <Field name="unused_since" label="Unused since" type="date" value={unused_since?.slice(0, 10)} />
            <Field
              name="expiring_before"
              label="Expires before"
              type="date"
              value={expiring_before?.slice(0, 10)}
            />
          </div>
        </details>
      </div>
      <p class="actions">
        <button type="submit" class="button">
          Show
        </button>
        {Object.keys(query).length > 0 && (
          <a class="button" href="/console/keys">
            Show all keys
          </a>
        )}
      </p>
    </form>
  )
}
