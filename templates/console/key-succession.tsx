import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'
import { Select } from '../fields.tsx'
import { Confirm, Form } from '../form.tsx'
import { inWords, type ShownKey } from './key-facts.tsx'
import { WasUsed } from './key-use.tsx'

export type RelatedKey = Pick<
  ShownKey,
  'id' | 'status' | 'lastUsedAt' | 'lastAddress' | 'lastUserAgent' | 'retiresAt'
>

/** On a key that another is to replace: who still uses it, and when it ends. */
export function Replaced(props: { apiKey: ShownKey; heir: RelatedKey | null; token: string; now: Date }) {
  const { apiKey, heir, token, now } = props
  if (heir === null) {
    return (
      <p class="slot">
        The key that was made in the place of this one is dead. This one goes on working: rotate it again
        below, or revoke it.
      </p>
    )
  }
  return (
    <div class="slot">
      <p>
        <a href={`/console/keys/${heir.id}`}>{heir.id}</a> has taken the place of this key, and{' '}
        <WasUsed use={heir} now={now} />.
      </p>
      <p>
        This key <WasUsed use={apiKey} now={now} />. It retires once the new one is in use and this one has
        been quiet for {inWords(apiKey.quietSeconds ?? 0)}
        {apiKey.retiresAt && (
          <>
            , and <Ago at={apiKey.retiresAt} now={now} /> at the latest
          </>
        )}
        .
      </p>
      <Confirm
        label="Retire it now"
        question="Whoever still uses this key is refused from now on. The new key goes on working."
        doIt="Retire this key"
        action={`/console/keys/${apiKey.id}/retire`}
        token={token}
      />
    </div>
  )
}

/** On a key that was made in the place of another: what became of that one. */
export function Replaces({ predecessor, now }: { predecessor: RelatedKey; now: Date }) {
  const { id, status, retiresAt } = predecessor
  return (
    <p>
      Made in the place of <a href={`/console/keys/${id}`}>{id}</a> <Badge status={status} />, which{' '}
      <WasUsed use={predecessor} now={now} />
      {status === 'retiring' && retiresAt && (
        <>
          {' '}
          and retires <Ago at={retiresAt} now={now} /> at the latest
        </>
      )}
      .
    </p>
  )
}

const day = 86_400
const choices = (seconds: readonly number[]) =>
  seconds.map((value) => ({ value: String(value), label: inWords(value) }))

/** Makes the successor of a key. */
export function RotateForm({ path, token, once }: { path: string; token: string; once: string }) {
  return (
    <Form action={`${path}/rotate`} token={token} class="slot">
      <p>
        Makes a new key with the same owner, name, scopes and limits. This one goes on working until nobody
        uses it any more.
      </p>
      <input type="hidden" name="once" value={once} />
      <div class="filters">
        <Select
          name="quiet_seconds"
          label="The old one retires when unused for"
          value={String(day)}
          options={choices([3600, day, 3 * day, 7 * day])}
        />
        <Select
          name="grace_seconds"
          label="and at the latest after"
          value={String(30 * day)}
          options={choices([day, 7 * day, 30 * day, 90 * day])}
        />
      </div>
      <p class="actions">
        <button type="submit" class="button">
          Rotate this key
        </button>
      </p>
    </Form>
  )
}
