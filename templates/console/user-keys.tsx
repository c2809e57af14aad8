import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'
import { DataTable } from '../data-table.tsx'
import { KeyName } from './key-name.tsx'
import type { ShownUser } from './user-page.tsx'

export type UserKeysProps = {
  user: ShownUser
  /** The newest. */
  keys: readonly {
    id: string
    name: string
    status: string
    createdAt: Date
    lastUsedAt: Date | null
    expiresAt: Date | null
  }[]
  liveKeys: number
  now: Date
}

/** The keys of a user, and the way to make one. */
export function UserKeys({ user, keys, liveKeys, now }: UserKeysProps) {
  const query = `user_id=${encodeURIComponent(user.id)}`
  return (
    <>
      <h2>Keys</h2>
      <DataTable
        caption="The newest keys of this user"
        columns={['Key', 'Status', 'Made', 'Last used', 'Expires']}
        rows={keys.map((key) => [
          <KeyName id={key.id} name={key.name} />,
          <Badge status={key.status} />,
          <Ago at={key.createdAt} now={now} />,
          key.lastUsedAt === null ? 'never' : <Ago at={key.lastUsedAt} now={now} />,
          key.expiresAt === null ? 'never' : <Ago at={key.expiresAt} now={now} />,
        ])}
        empty={<p>There is no key yet. {user.status === 'active' && 'Make the first one.'}</p>}
      />
      <div class="actions">
        {user.status === 'active' && (
          <a class="button" href={`/console/keys/new?${query}`}>
            Make a key
          </a>
        )}
        {keys.length > 0 && (
          <a class="button" href={`/console/keys?${query}`}>{`All keys, ${liveKeys} of them live`}</a>
        )}
      </div>
    </>
  )
}
