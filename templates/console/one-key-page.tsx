import { Badge } from '../badge.tsx'
import { withQuery } from '../data-table.tsx'
import { Field } from '../fields.tsx'
import { Confirm, Form } from '../form.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { KeyFacts, type ShownKey } from './key-facts.tsx'
import { KeyFields, type KeyFieldsProps } from './key-fields.tsx'
import type { KeyOwnerProps } from './key-owner.tsx'
import { type RelatedKey, Replaced, Replaces, RotateForm } from './key-succession.tsx'
import { KeyUse, type Refusal } from './key-use.tsx'

export type OneKeyPageProps = KeyOwnerProps &
  Pick<KeyFieldsProps, 'values' | 'ownScopes'> & {
    frame: ConsoleFrame
    /** Not `key`: JSX keeps that name for itself. */
    apiKey: ShownKey
    /** Of what it carries, what its owner may not have. */
    deadScopes: readonly string[]
    refusals: readonly Refusal[]
    predecessor: RelatedKey | null
    /** The live key that has taken its place. */
    heir: RelatedKey | null
    once: string
  }

/** Everything of one key, and everything that can be done with it. */
export function OneKeyPage(props: OneKeyPageProps) {
  const { frame, apiKey, owner, responsible, deadScopes, refusals, predecessor, heir } = props
  const { token, now } = frame
  const path = `/console/keys/${apiKey.id}`
  const metadata = JSON.stringify(apiKey.metadata, null, 2)
  return (
    <ConsoleLayout frame={frame} section="keys" title={apiKey.name}>
      <p>
        <Badge status={apiKey.status} /> <code>{apiKey.id}</code>
      </p>
      {apiKey.status === 'retiring' && <Replaced apiKey={apiKey} heir={heir} token={token} now={now} />}
      {predecessor && <Replaces predecessor={predecessor} now={now} />}
      <KeyFacts apiKey={apiKey} owner={owner} responsible={responsible} deadScopes={deadScopes} now={now} />
      <p class="aside">
        <a href={withQuery('/console/audit', { target: `key:${apiKey.id}` })}>
          What the audit trail has on this key
        </a>
      </p>

      <h2>How it is used</h2>
      <KeyUse apiKey={apiKey} refusals={refusals} now={now} />

      {apiKey.status !== 'revoked' && (
        <>
          <h2>Change it</h2>
          <Form action={path} token={token} class="slot">
            <input type="hidden" name="version" value={props.values.version} />
            <KeyFields values={props.values} kept={apiKey.expiresAt} ownScopes={props.ownScopes} />
            <button type="submit" class="button main">
              Save the changes
            </button>
          </Form>
          {(apiKey.status === 'active' || (apiKey.status === 'retiring' && heir === null)) && (
            <>
              <h2>Replace it</h2>
              <RotateForm path={path} token={token} once={props.once} />
            </>
          )}
          <h2>End it</h2>
          <Confirm
            label="Revoke this key"
            question="It stops working at once, wherever it is used, and nothing brings it back."
            doIt="Revoke it for good"
            action={`${path}/revoke`}
            token={token}
          >
            <Field
              name="reason"
              label="Reason"
              hint="For whoever reads the audit trail. May be left empty."
              maxlength={100}
            />
          </Confirm>
        </>
      )}
      {/* Of any other key it stands in the form. */}
      {apiKey.status === 'revoked' && metadata !== '{}' && (
        <>
          <h2>Metadata</h2>
          <div class="snippet">
            <pre>
              <code>{metadata}</code>
            </pre>
          </div>
        </>
      )}
    </ConsoleLayout>
  )
}
