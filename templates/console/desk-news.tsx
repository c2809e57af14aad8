import { Ago } from '../ago.tsx'
import { DataTable } from '../data-table.tsx'
import { KeyName } from './key-name.tsx'
import { refusalWords } from './refusal-words.ts'

/** A person or a service account, by a name that somebody knows. */
export type NamedUser = { id: string; label: string }

type Expiring = {
  keys: readonly { id: string; name: string; owner: NamedUser; expiresAt: Date }[]
  /** Where all of them are, when these are not all. */
  moreHref: string | null
  now: Date
}

/** Keys whose time is nearly over. */
export function ExpiringKeys({ keys, moreHref, now }: Expiring) {
  return (
    <>
      <h2>Keys that expire in the next 14 days</h2>
      <DataTable
        caption="Keys that expire in the next 14 days"
        columns={['Key', 'Owner', 'Expires']}
        rows={keys.map(({ id, name, owner, expiresAt }) => [
          <KeyName id={id} name={name} />,
          <OwnerLink owner={owner} />,
          <Ago at={expiresAt} now={now} />,
        ])}
        empty={<p>No key expires soon. There is nothing to do.</p>}
      />
      {moreHref && (
        <p>
          <a href={moreHref}>All keys that expire in the next 14 days</a>
        </p>
      )}
    </>
  )
}

/** Keys whose secret was proven, and that were refused all the same. */
export function RefusedKeys(props: {
  refusals: readonly {
    keyId: string
    keyName: string
    owner: NamedUser
    reason: string
    address: string | null
    at: Date
  }[]
  now: Date
}) {
  return (
    <>
      <h2>Keys refused lately</h2>
      <DataTable
        caption="Keys refused lately"
        columns={['Key', 'Owner', 'Why', 'From', 'When']}
        rows={props.refusals.map(({ keyId, keyName, owner, reason, address, at }) => [
          <KeyName id={keyId} name={keyName} />,
          <OwnerLink owner={owner} />,
          refusalWords(reason),
          <code>{address ?? 'unknown'}</code>,
          <Ago at={at} now={props.now} />,
        ])}
        empty={<p>No key of this desk was refused. Texts that are no key are counted above.</p>}
      />
    </>
  )
}

/** Sign-ins and calls of the admin API that were refused. */
export function TurnedAway(props: {
  events: readonly { what: string; who: string; reason: string; address: string | null; at: Date }[]
  now: Date
}) {
  return (
    <>
      <h2>Turned away lately</h2>
      <DataTable
        caption="Sign-ins and admin calls turned away lately"
        columns={['What', 'Who', 'Why', 'From', 'When']}
        rows={props.events.map(({ what, who, reason, address, at }) => [
          what,
          who,
          <code>{reason}</code>,
          <code>{address ?? 'unknown'}</code>,
          <Ago at={at} now={props.now} />,
        ])}
        empty={<p>Nobody was turned away.</p>}
      />
      {props.events.length > 0 && (
        <p>
          <a href="/console/audit?action=sign_in.refused">All refused sign-ins</a> ·{' '}
          <a href="/console/audit?action=admin.refused">All refused admin calls</a>
        </p>
      )}
    </>
  )
}

function OwnerLink({ owner }: { owner: NamedUser }) {
  return <a href={`/console/users/${owner.id}`}>{owner.label}</a>
}
