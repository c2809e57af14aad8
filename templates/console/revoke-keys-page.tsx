import { Ago } from '../ago.tsx'
import { DataTable } from '../data-table.tsx'
import { Fact } from '../fact.tsx'
import { Field } from '../fields.tsx'
import { Form } from '../form.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { KeyName } from './key-name.tsx'
import { KeyOwner, type KeyOwnerProps } from './key-owner.tsx'

export type RevokeKeysPageProps = {
  frame: ConsoleFrame
  /** What a dry run counted. */
  count: number
  /** The filter as the form carries it on; empty where keys were chosen one by one. */
  filter: Record<string, string>
  ids: readonly string[]
  /** The first of them. */
  keys: readonly (KeyOwnerProps & { id: string; name: string; lastUsedAt: Date | null })[]
}

const terms: Record<string, string> = {
  search: 'Found by',
  user_id: 'Owner’s user id',
  status: 'Status',
  scope: 'Scope',
  unused_since: 'Unused since',
  expiring_before: 'Expires before',
  created_through: 'Made through',
}

/** Says how many keys would be revoked, and which, before it is done. */
export function RevokeKeysPage({ frame, count, filter, ids, keys }: RevokeKeysPageProps) {
  const what = count === 1 ? '1 key' : `${count} keys`
  return (
    <ConsoleLayout frame={frame} section="keys" title="Revoke keys">
      <p class="lede">
        <strong>{count === 0 ? 'There is nothing to revoke.' : `This revokes ${what}.`}</strong>
      </p>
      <p>
        {count === 0
          ? 'The keys that you chose are revoked already.'
          : 'They stop working at once, and nothing brings them back. Keys that are revoked already are not counted.'}
      </p>
      <dl class="facts">
        {Object.entries(filter).map(([name, value]) => (
          <Fact term={terms[name] ?? name}>{value}</Fact>
        ))}
      </dl>
      {count > 0 && (
        <>
          <DataTable
            caption="Keys that would be revoked"
            columns={['Key', 'Owner', 'Last used']}
            rows={keys.map((key) => [
              <KeyName id={key.id} name={key.name} />,
              <KeyOwner owner={key.owner} responsible={key.responsible} />,
              key.lastUsedAt === null ? 'never' : <Ago at={key.lastUsedAt} now={frame.now} />,
            ])}
            empty={null}
          />
          {count > keys.length && <p>{`And ${count - keys.length} more.`}</p>}
          <Form action="/console/keys/revoke" token={frame.token} class="slot">
            {Object.entries(filter).map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
            {ids.map((id) => (
              <input type="hidden" name="ids" value={id} />
            ))}
            <input type="hidden" name="count" value={String(count)} />
            <Field
              name="reason"
              label="Reason"
              hint="For whoever reads the audit trail. May be left empty."
              maxlength={100}
            />
            <button type="submit" class="button destroy">
              {`Revoke ${what}`}
            </button>
          </Form>
        </>
      )}
      <p class="leave">
        <a class="button" href="/console/keys">
          Back to the keys
        </a>
      </p>
    </ConsoleLayout>
  )
}
