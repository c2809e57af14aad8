import { Form } from '../form.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { KeyFields, type KeyFieldsProps } from './key-fields.tsx'
import { KeyOwner, type KeyOwnerProps } from './key-owner.tsx'

export type NewKeyPageProps = KeyOwnerProps &
  Pick<KeyFieldsProps, 'values' | 'ownScopes'> & {
    frame: ConsoleFrame
    /** The ceiling of the owner; null is none. */
    scopeLimit: readonly string[] | null
    /** By which a form that is sent again is known. */
    once: string
  }

/** Makes a key for a person or a service account. */
export function NewKeyPage(props: NewKeyPageProps) {
  const { frame, owner, responsible, scopeLimit, values, ownScopes, once } = props
  return (
    <ConsoleLayout frame={frame} section="keys" title="Make a key">
      <h2>For whom</h2>
      <KeyOwner owner={owner} responsible={responsible} />
      {scopeLimit !== null && (
        <p>
          Other scopes than these do not count on their keys:{' '}
          <code>{scopeLimit.join(' ') || 'none at all'}</code>
        </p>
      )}
      {owner.status === 'active' ? (
        <Form action="/console/keys" token={frame.token} class="slot">
          <input type="hidden" name="user_id" value={owner.id} />
          <input type="hidden" name="once" value={once} />
          <KeyFields values={values} kept={undefined} ownScopes={ownScopes} />
          <button type="submit" class="button main">
            Make the key
          </button>
        </Form>
      ) : (
        <p class="empty">No key can be made for them as long as they are disabled.</p>
      )}
      <p class="leave">
        <a href="/console/keys/new">Somebody else</a>
      </p>
    </ConsoleLayout>
  )
}
