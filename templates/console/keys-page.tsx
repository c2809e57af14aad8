import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'
import { DataTable, Pager } from '../data-table.tsx'
import { Form } from '../form.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { KeyFilters } from './key-filters.tsx'
import { KeyName } from './key-name.tsx'
import { KeyOwner, type KeyOwnerProps } from './key-owner.tsx'
import { ListedScopes } from './listed-scopes.tsx'

export type ListedKey = KeyOwnerProps & {
  id: string
  name: string
  scopes: readonly string[]
  status: string
  createdAt: Date
  lastUsedAt: Date | null
  lastAddress: string | null
  expiresAt: Date | null
  retiresAt: Date | null
}

export type KeysPageProps = {
  frame: ConsoleFrame
  keys: readonly ListedKey[]
  /** As the address has it. */
  query: Record<string, string>
  next: string | null
  /** The fields of a form that takes all that the filter takes; null where it leaves nothing out. */
  filter: Record<string, string> | null
}

const previewPath = '/console/keys/revoke/preview'

/** All keys that a filter takes, and a way to revoke some or all of them. */
export function KeysPage({ frame, keys, query, next, filter }: KeysPageProps) {
  const { token, now } = frame
  const { cursor: _, ...filters } = query
  return (
    <ConsoleLayout frame={frame} section="keys" title="Keys">
      <p class="actions">
        <a class="button main" href="/console/keys/new">
          Make a key
        </a>
      </p>
      <KeyFilters query={filters} />
      <DataTable
        caption="Keys"
        columns={['Key', 'Owner', 'Scopes', 'Made', 'Last used', 'Expires', 'Status', 'Choose']}
        rows={keys.map((key) => [
          <KeyName id={key.id} name={key.name} />,
          <KeyOwner owner={key.owner} responsible={key.responsible} />,
          <ListedScopes scopes={key.scopes} />,
          <Ago at={key.createdAt} now={now} />,
          key.lastUsedAt === null ? (
            'never'
          ) : (
            <div>
              <Ago at={key.lastUsedAt} now={now} />
              {key.lastAddress && <code class="line hint">{key.lastAddress}</code>}
            </div>
          ),
          key.expiresAt === null ? 'never' : <Ago at={key.expiresAt} now={now} />,
          <div>
            <Badge status={key.status} />
            {key.status === 'retiring' && key.retiresAt && (
              <span class="line hint">
                gone <Ago at={key.retiresAt} now={now} />
              </span>
            )}
          </div>,
          key.status !== 'revoked' && (
            <input
              form="chosen"
              type="checkbox"
              name="ids"
              value={key.id}
              aria-label={`Choose ${key.name}`}
            />
          ),
        ])}
        empty={<Nothing hasFilter={Object.keys(filters).length > 0} />}
      />
      <Pager path="/console/keys" query={query} next={next} />
      {keys.some(({ status }) => status !== 'revoked') && (
        <div class="actions">
          <Form id="chosen" action={previewPath} token={token}>
            <button type="submit" class="button">
              Revoke the chosen keys
            </button>
          </Form>
          {filter !== null && (
            <Form action={previewPath} token={token}>
              {Object.entries(filter).map(([name, value]) => (
                <input type="hidden" name={name} value={value} />
              ))}
              <button type="submit" class="button">
                Revoke all that this filter takes
              </button>
            </Form>
          )}
        </div>
      )}
    </ConsoleLayout>
  )
}

function Nothing({ hasFilter }: { hasFilter: boolean }) {
  if (hasFilter) return <p>No key is like that. Take a filter away, or look for a shorter part of a name.</p>
  return (
    <p>
      Nobody has a key yet. People get theirs when they sign in; make one for a machine with “Make a key”.
    </p>
  )
}
