import { Field, Select } from '../fields.tsx'
import { Form } from '../form.tsx'
import { GroupsAndLimit } from './groups-and-limit.tsx'
import type { ResponsiblePerson } from './responsible.tsx'
import type { ShownUser } from './user-page.tsx'

/** What an admin says of a user. One's own role is given up at the foot of the page, where it is asked for twice. */
export function UserForm(props: {
  user: ShownUser
  isYou: boolean
  responsible: ResponsiblePerson | null
  typed: Readonly<Record<string, string>>
  token: string
}) {
  const { user, isYou, responsible, typed, token } = props
  return (
    <>
      <h2>Change</h2>
      <Form action={`/console/users/${user.id}`} token={token} class="slot">
        <input type="hidden" name="version" value={String(user.version)} />
        {user.kind === 'service' && (
          <>
            <Field name="name" label="Name" value={typed.name ?? user.name ?? ''} required maxlength={100} />
            <Field
              name="responsible"
              label="Who answers for it"
              hint="The email address of an active person."
              type="email"
              value={typed.responsible ?? responsible?.email ?? ''}
              required
              maxlength={254}
              autocomplete="off"
            />
          </>
        )}
        {user.kind === 'person' && !isYou && (
          <Select
            name="role"
            label="Role"
            hint="An administrator sees and does everything here."
            value={typed.role ?? user.role}
            options={[
              { value: 'member', label: 'Member' },
              { value: 'admin', label: 'Administrator' },
            ]}
          />
        )}
        <GroupsAndLimit groups={user.groups} scopeLimit={user.scopeLimit} typed={typed} />
        <button type="submit" class="button main">
          Save
        </button>
      </Form>
    </>
  )
}
