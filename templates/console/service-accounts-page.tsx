import { Badge } from '../badge.tsx'
import { DataTable, isNarrowed, Pager } from '../data-table.tsx'
import { Field, Select } from '../fields.tsx'
import { Form } from '../form.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { GroupsAndLimit } from './groups-and-limit.tsx'
import { Responsible, type ResponsiblePerson } from './responsible.tsx'

export type ServiceAccountsPageProps = {
  frame: ConsoleFrame
  accounts: readonly {
    id: string
    name: string | null
    status: string
    groups: readonly string[]
    responsible: ResponsiblePerson | null
    liveKeys: number
  }[]
  query: Record<string, string>
  next: string | null
  /** The address of whoever sits there: most make accounts that they answer for. */
  ownEmail: string | null
  /** What was typed into the form where that was not done. */
  typed: Readonly<Record<string, string>>
}

/** Owners of keys for machines, and making one. */
export function ServiceAccountsPage(props: ServiceAccountsPageProps) {
  const { frame, accounts, query, next, ownEmail, typed } = props
  return (
    <ConsoleLayout frame={frame} section="service-accounts" title="Service accounts">
      <p class="lede">A service account owns the keys of a machine. A person answers for it.</p>
      <form method="get" action="/console/service-accounts" class="filters">
        <Field name="search" label="Name" type="search" value={query.search} maxlength={200} />
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
        <Select
          name="without_responsible"
          label="Who answers"
          value={query.without_responsible}
          options={[
            { value: '', label: 'Anybody or nobody' },
            { value: 'true', label: 'Nobody who is active' },
          ]}
        />
        {query.responsible_user_id && (
          <input type="hidden" name="responsible_user_id" value={query.responsible_user_id} />
        )}
        <button type="submit" class="button">
          Show
        </button>
      </form>
      <DataTable
        caption="Service accounts, newest first"
        columns={['Name', 'Status', 'Answers for it', 'Groups', 'Live keys']}
        rows={accounts.map((account) => [
          <a href={`/console/users/${account.id}`}>{account.name ?? account.id}</a>,
          <Badge status={account.status} />,
          <Responsible person={account.responsible} />,
          account.groups.length === 0 ? '–' : <code>{account.groups.join(' ')}</code>,
          String(account.liveKeys),
        ])}
        empty={
          isNarrowed(query) ? (
            <p>
              No service account is like that. <a href="/console/service-accounts">Show all of them</a>
            </p>
          ) : (
            <p>There is no service account yet. Make one below, and then a key for it.</p>
          )
        }
      />
      <Pager path="/console/service-accounts" query={query} next={next} />

      <h2>Make a service account</h2>
      <Form action="/console/service-accounts" token={frame.token} class="slot">
        <Field
          name="name"
          label="Name"
          hint="Which machine, and what it does."
          value={typed.name}
          required
          maxlength={100}
        />
        <Field
          name="responsible"
          label="Who answers for it"
          hint="The email address of an active person."
          type="email"
          value={typed.responsible ?? ownEmail ?? ''}
          required
          maxlength={254}
          autocomplete="off"
        />
        <GroupsAndLimit groups={[]} scopeLimit={null} typed={typed} />
        <button type="submit" class="button main">
          Make the service account
        </button>
      </Form>
    </ConsoleLayout>
  )
}
