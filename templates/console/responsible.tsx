import { Badge } from '../badge.tsx'

/** The person who answers for a service account. */
export type ResponsiblePerson = {
  id: string
  name: string | null
  email: string | null
  status: string
}

/** Who answers for a service account, and whether that is somebody still. */
export function Responsible({ person }: { person: ResponsiblePerson | null }) {
  if (person === null) return <strong class="line">Nobody answers for it</strong>
  return (
    <span>
      <a href={`/console/users/${person.id}`}>{person.name ?? person.email ?? person.id}</a>{' '}
      {person.status !== 'active' && <Badge status={person.status} />}
    </span>
  )
}
