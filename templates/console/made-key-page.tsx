import { Ago } from '../ago.tsx'
import { Fact } from '../fact.tsx'
import { KeyTag } from '../key-tag.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { KeyOwner, type KeyOwnerProps } from './key-owner.tsx'

export type MadeKeyPageProps = KeyOwnerProps & {
  frame: ConsoleFrame
  /** The whole key, which no other answer holds; null where the same form had its answer before. */
  keyText: string | null
  apiKey: { id: string; name: string; scopes: readonly string[]; expiresAt: Date | null }
  /** The key in whose place it was made. */
  retiring: { id: string; retiresAt: Date | null } | null
}

/** Shows a key that an admin has made, this once. */
export function MadeKeyPage({ frame, keyText, apiKey, owner, responsible, retiring }: MadeKeyPageProps) {
  const path = `/console/keys/${apiKey.id}`
  return (
    <ConsoleLayout
      frame={frame}
      section="keys"
      title={keyText === null ? 'This key was made already' : 'The new key'}
      secret={keyText !== null}
      clearAddress={path}
    >
      {keyText === null ? (
        <p class="lede">
          The form was sent once more, and no second key was made. A key is shown once: if nobody has copied
          it, revoke it and make another.
        </p>
      ) : (
        <>
          <KeyTag keyText={keyText} />
          <p class="aside">
            Pass it on where nobody else reads along. Whoever has it acts as its owner; a service sends it in
            the header <code>X-API-Key</code>.
          </p>
        </>
      )}
      {retiring !== null && (
        <p>
          The old key, <a href={`/console/keys/${retiring.id}`}>{retiring.id}</a>, goes on working until
          nobody uses it any more
          {retiring.retiresAt && (
            <>
              , and retires <Ago at={retiring.retiresAt} now={frame.now} /> at the latest
            </>
          )}
          .
        </p>
      )}
      <dl class="facts">
        <Fact term="Name">{apiKey.name}</Fact>
        <Fact term="Owner">
          <KeyOwner owner={owner} responsible={responsible} />
        </Fact>
        <Fact term="Key id">
          <code>{apiKey.id}</code>
        </Fact>
        <Fact term="Expires">
          {apiKey.expiresAt ? <Ago at={apiKey.expiresAt} now={frame.now} /> : 'never'}
        </Fact>
        {apiKey.scopes.length > 0 && (
          <Fact term="Scopes" long={apiKey.scopes.length > 2}>
            <code>{apiKey.scopes.join(' ')}</code>
          </Fact>
        )}
      </dl>
      <p class="leave">
        <a class="button" href={path}>
          On to the page of this key
        </a>
      </p>
    </ConsoleLayout>
  )
}
