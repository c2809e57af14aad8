import { DataTable, withQuery } from '../data-table.tsx'
import { Field } from '../fields.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { KeyOwner, type KeyOwnerProps } from './key-owner.tsx'

export type ChooseOwnerPageProps = {
  frame: ConsoleFrame
  search: string | undefined
  owners: readonly KeyOwnerProps[]
  /** There are others, which are not shown. */
  hasMore: boolean
}

/** The first step of making a key: whose it is to be. */
export function ChooseOwnerPage({ frame, search, owners, hasMore }: ChooseOwnerPageProps) {
  return (
    <ConsoleLayout frame={frame} section="keys" title="Make a key">
      <p class="lede">Who is it for?</p>
      <form method="get" action="/console/keys/new" class="filters">
        <Field
          name="search"
          label="Find a person or a service account"
          type="search"
          value={search}
          placeholder="name or email"
        />
        <button type="submit" class="button">
          Find
        </button>
      </form>
      <DataTable
        caption={search === undefined ? 'Service accounts' : 'Users that were found'}
        columns={[search === undefined ? 'Service accounts' : 'Found', '']}
        rows={owners.map(({ owner, responsible }) => [
          <KeyOwner owner={owner} responsible={responsible} />,
          <a
            class="button small"
            href={withQuery('/console/keys/new', { user_id: owner.id })}
            aria-label={`Make a key for ${owner.name ?? owner.email ?? owner.id}`}
          >
            Make a key
          </a>,
        ])}
        empty={
          search === undefined ? (
            <p>
              There is no service account yet. <a href="/console/service-accounts">Make one</a> for a machine,
              or find a person above.
            </p>
          ) : (
            <p>
              Nobody who is active is called that. Look for a shorter part of the name, or{' '}
              <a href="/console/invitations">invite somebody</a>.
            </p>
          )
        }
      />
      {hasMore && <p>There are more. Look for a longer part of the name.</p>}
    </ConsoleLayout>
  )
}
