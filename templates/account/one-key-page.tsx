import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'
import { refusalWords } from '../console/refusal-words.ts'
import { Fact } from '../fact.tsx'
import { LastUse } from '../last-use.tsx'
import { type AccountFrame, AccountLayout } from './account-layout.tsx'
import { KeyActions } from './key-actions.tsx'
import type { OwnKeyDetails } from './key-cards.tsx'
import { OtherKey } from './other-key.tsx'

export type OneKeyPageProps = {
  frame: AccountFrame
  /** Not `key`: JSX keeps that name for itself. */
  apiKey: OwnKeyDetails
  /** The key that took its place, and the one whose place it took. */
  successor: OwnKeyDetails | null
  predecessor: OwnKeyDetails | null
  refusals: readonly { at: Date; reason: string; address: string | null }[]
  /** Names the form that rotates: sent again, it makes no second key. */
  once: string
}

const ways = {
  sso: 'by signing in',
  admin: 'by an administrator',
  'self-service': 'by you, on the account page',
}

/** One key of whoever is signed in: how it is used, and what can be done about it. */
export function OneKeyPage({ frame, apiKey, successor, predecessor, refusals, once }: OneKeyPageProps) {
  const { now } = frame
  return (
    <AccountLayout frame={frame} section="keys" title={apiKey.name}>
      <p class="lede">
        <Badge status={apiKey.status} /> <code>{apiKey.id}</code>
      </p>
      {successor && <OtherKey as="successor" apiKey={apiKey} other={successor} now={now} />}
      {predecessor && <OtherKey as="predecessor" apiKey={predecessor} other={predecessor} now={now} />}
      <dl class="facts">
        <Fact term="Last used">
          <LastUse use={apiKey} now={now} />
        </Fact>
        <Fact term="Made">
          <Ago at={apiKey.createdAt} now={now} />, {ways[apiKey.createdThrough]}
        </Fact>
        {apiKey.status !== 'revoked' && (
          <Fact term={apiKey.status === 'expired' ? 'Expired' : 'Expires'}>
            {apiKey.expiresAt ? <Ago at={apiKey.expiresAt} now={now} /> : 'Never'}
          </Fact>
        )}
        {apiKey.revokedAt && (
          <Fact term="Revoked">
            <Ago at={apiKey.revokedAt} now={now} />
            {apiKey.revokedReason && `: ${apiKey.revokedReason}`}
          </Fact>
        )}
        <Fact term="Scopes" long={apiKey.scopes.length > 2}>
          {apiKey.scopes.length > 0 ? <code>{apiKey.scopes.join(' ')}</code> : 'None'}
        </Fact>
        {apiKey.cutScopes.length > 0 && (
          <Fact term="Scopes beyond your limit, which do not count" long>
            <code>{apiKey.cutScopes.join(' ')}</code>
          </Fact>
        )}
        {apiKey.allowedAddresses && (
          <Fact term="Works only from">
            <code>{apiKey.allowedAddresses.join(' ')}</code>
          </Fact>
        )}
      </dl>
      {refusals.length > 0 && (
        <>
          <h2>Why it was refused lately</h2>
          <ul class="cards">
            {refusals.map(({ at, reason, address }) => (
              <li>
                <span>
                  {refusalWords(reason)} <code class="line hint">{reason}</code>
                </span>
                <p class="quiet">
                  <Ago at={at} now={now} />
                  {address && ` from ${address}`}
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
      <KeyActions frame={frame} apiKey={apiKey} predecessor={predecessor} once={once} />
      <p class="aside">
        <a href="/account/keys">Back to your keys</a>
      </p>
    </AccountLayout>
  )
}
