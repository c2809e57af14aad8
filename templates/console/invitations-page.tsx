import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'
import { DataTable, Pager } from '../data-table.tsx'
import { Field, Select } from '../fields.tsx'
import { Confirm, Form } from '../form.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'

export type InvitationsPageProps = {
  frame: ConsoleFrame
  invitations: readonly {
    id: string
    email: string
    provider: string
    role: string
    groups: readonly string[]
    /** Where it is an approval: the user who gets another way to sign in. */
    userId: string | null
    /** What to pass on. */
    url: string
    createdAt: Date
    expiresAt: Date
  }[]
  providers: readonly { id: string; label: string }[]
  /** What was typed before, where it could not be done. */
  typed: Readonly<Record<string, string>>
  query: Record<string, string>
  next: string | null
}

/** Who was asked in and has not come yet. */
export function InvitationsPage({ frame, invitations, providers, typed, query, next }: InvitationsPageProps) {
  const { token, now } = frame
  return (
    <ConsoleLayout frame={frame} section="invitations" title="Invitations">
      <DataTable
        caption="Invitations that nobody has taken up"
        columns={['Address', 'Comes in as', 'Link', 'Expires', '']}
        rows={invitations.map((one) => [
          <>
            <strong class="line">{one.email}</strong>
            <span class="line hint">{one.provider}</span>
          </>,
          one.userId === null ? (
            <>
              {one.role} {one.groups.length > 0 && <code class="line">{one.groups.join(' ')}</code>}
            </>
          ) : (
            <a href={`/console/users/${one.userId}`}>another way in for a user</a>
          ),
          <code>{one.url}</code>,
          <>
            {one.expiresAt <= now && <Badge status="expired" />} <Ago at={one.expiresAt} now={now} />
          </>,
          <Confirm
            label="Withdraw"
            question={`Nobody can come in by this invitation any more. ${one.email} keeps what they have.`}
            doIt="Withdraw this invitation"
            action={`/console/invitations/${one.id}/withdraw`}
            token={token}
          />,
        ])}
        empty={<p>Nobody is invited at the moment. Invite somebody below, and pass the link on.</p>}
      />
      <Pager path="/console/invitations" query={query} next={next} />

      <h2>Invite somebody</h2>
      <Form action="/console/invitations" token={token} class="slot">
        <Field
          name="email"
          label="Email address"
          type="email"
          value={typed.email}
          required
          maxlength={254}
          autocomplete="off"
        />
        <Select
          name="provider"
          label="Signs in with"
          value={typed.provider}
          options={providers.map(({ id, label }) => ({ value: id, label }))}
        />
        <Select
          name="role"
          label="Role"
          value={typed.role}
          options={[
            { value: 'member', label: 'Member' },
            { value: 'admin', label: 'Administrator' },
          ]}
        />
        <Field
          name="groups"
          label="Groups"
          value={typed.groups}
          hint="Names between spaces. May be left empty."
        />
        <button type="submit" class="button main">
          Make the invitation
        </button>
      </Form>
    </ConsoleLayout>
  )
}
