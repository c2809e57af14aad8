import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'
import { DataTable, isNarrowed, Pager } from '../data-table.tsx'
import { Field, Select } from '../fields.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'

export type UsersPageProps = {
  frame: ConsoleFrame
  users: readonly {
    id: string
    name: string | null
    email: string | null
    role: string
    status: string
    groups: readonly string[]
    liveKeys: number
    lastSignInAt: Date | null
  }[]
  /** What the list is narrowed by, and where it goes on. */
  query: Record<string, string>
  next: string | null
}

/** Everybody who ever signed in, newest first. */
export function UsersPage({ frame, users, query, next }: UsersPageProps) {
  return (
    <ConsoleLayout frame={frame} section="users" title="Users">
      <p class="actions">
        <a class="button main" href="/console/invitations">
          Invite somebody
        </a>
      </p>
      <form method="get" action="/console/users" class="filters">
        <Field name="search" label="Name or address" type="search" value={query.search} maxlength={200} />
        <Select
          name="role"
          label="Role"
          value={query.role}
          options={[
            { value: '', label: 'Any' },
            { value: 'member', label: 'Member' },
            { value: 'admin', label: 'Administrator' },
          ]}
        />
        <Select
          name="status"
          label="Status"
          value={query.status}
          options={[
            { value: '', label: 'Any' },
            { value: 'active', label: 'Active' },
            { value: 'disabled', label: 'Disabled' },
          ]}
        />
        <button type="submit" class="button">
          Show
        </button>
      </form>
      <DataTable
        caption="Users, newest first"
        columns={['User', 'Role', 'Status', 'Groups', 'Live keys', 'Last sign-in']}
        rows={users.map((user) => [
          <span>
            <a class="line" href={`/console/users/${user.id}`}>
              {user.name ?? user.email ?? user.id}
            </a>
            {user.name && <span class="line hint">{user.email}</span>}
          </span>,
          user.role === 'admin' ? 'administrator' : 'member',
          <Badge status={user.status} />,
          user.groups.length === 0 ? '–' : <code>{user.groups.join(' ')}</code>,
          String(user.liveKeys),
          user.lastSignInAt === null ? 'never' : <Ago at={user.lastSignInAt} now={frame.now} />,
        ])}
        empty={
          isNarrowed(query) ? (
            <p>
              Nobody is like that. <a href="/console/users">Show everybody</a>
            </p>
          ) : (
            <p>
              Nobody has signed in yet. <a href="/console/invitations">Invite somebody</a>, or say who may
              come in with <a href="/console/access-rules">access rules</a>.
            </p>
          )
        }
      />
      <Pager path="/console/users" query={query} next={next} />
    </ConsoleLayout>
  )
}
