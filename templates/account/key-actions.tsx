import { Confirm, Form } from '../form.tsx'
import type { AccountFrame } from './account-layout.tsx'
import type { OwnKeyDetails } from './key-cards.tsx'

/** What its owner can do about a key. A dead one stays dead. */
export function KeyActions(props: {
  frame: AccountFrame
  apiKey: OwnKeyDetails
  predecessor: OwnKeyDetails | null
  once: string
}) {
  const { frame, apiKey, predecessor, once } = props
  const { token } = frame
  const path = `/account/keys/${apiKey.id}`
  const isOldAtWork = predecessor?.status === 'retiring'
  if (apiKey.status === 'revoked') return <p class="aside">A revoked key never works again.</p>
  return (
    <>
      <h2>What you can do</h2>
      {apiKey.status === 'active' && !isOldAtWork && (
        <>
          <p>
            Rotating makes a new key like this one, shown once on the next page. Both work until you have put
            the new one everywhere, so no job breaks.
          </p>
          <Form action={`${path}/rotate`} token={token} class="actions">
            <input type="hidden" name="once" value={once} />
            <button type="submit" class="button main">
              Rotate
            </button>
          </Form>
        </>
      )}
      {isOldAtWork && <p>It can be rotated again once the key that it replaces has retired.</p>}
      <div class="actions">
        {apiKey.status === 'retiring' && (
          <Confirm
            label="Retire now"
            question="Whatever still sends this key is refused from now on. The key that takes its place goes on working."
            doIt="Retire this key"
            action={`${path}/retire`}
            token={token}
          />
        )}
        {apiKey.status !== 'retiring' && (
          <Confirm
            label="Revoke"
            question="Whatever sends this key is refused from now on, and nobody can take that back."
            doIt="Revoke this key"
            action={`${path}/revoke`}
            token={token}
          />
        )}
      </div>
    </>
  )
}
