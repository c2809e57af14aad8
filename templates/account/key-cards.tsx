import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'

/** A key of whoever looks at the page. */
export type OwnKey = {
  id: string
  name: string
  status: 'active' | 'retiring' | 'expired' | 'revoked'
  /** Those that count: within the limit of the owner. */
  scopes: readonly string[]
  createdAt: Date
  expiresAt: Date | null
  revokedAt: Date | null
  lastUsedAt: Date | null
}

/** A key with everything that its owner may know. */
export type OwnKeyDetails = OwnKey & {
  /** What it carries besides, which the owner's limit cuts. */
  cutScopes: readonly string[]
  allowedAddresses: readonly string[] | null
  lastAddress: string | null
  lastUserAgent: string | null
  createdThrough: 'sso' | 'admin' | 'self-service'
  retiresAt: Date | null
  revokedReason: string | null
}

/** As many as fit on a card. */
const scopesMax = 6

/** Keys as a list, each with the way to its own page. */
export function KeyCards({ keys, now }: { keys: readonly OwnKey[]; now: Date }) {
  return (
    <ul class="cards">
      {keys.map((key) => (
        <li>
          <div>
            <a class="line" href={`/account/keys/${key.id}`}>
              <strong>{key.name}</strong>
            </a>
            <code class="line">{key.id}</code>
            {key.scopes.length > 0 && <ScopeLine scopes={key.scopes} />}
          </div>
          <p class="quiet">
            <span class="line">
              <Badge status={key.status} />
            </span>
            <span class="line">
              {key.lastUsedAt ? (
                <>
                  Last used <Ago at={key.lastUsedAt} now={now} />
                </>
              ) : (
                'Never used'
              )}
            </span>
            <span class="line">
              Made <Ago at={key.createdAt} now={now} />
            </span>
            <span class="line">
              <Ending apiKey={key} now={now} />
            </span>
          </p>
        </li>
      ))}
    </ul>
  )
}

function ScopeLine({ scopes }: { scopes: readonly string[] }) {
  const more = scopes.length - scopesMax
  return (
    <span class="line hint">
      <code>{scopes.slice(0, scopesMax).join(' ')}</code>
      {more > 0 && ` and ${more} more`}
    </span>
  )
}

function Ending({ apiKey: { status, expiresAt, revokedAt }, now }: { apiKey: OwnKey; now: Date }) {
  if (status === 'revoked' && revokedAt !== null)
    return (
      <>
        Revoked <Ago at={revokedAt} now={now} />
      </>
    )
  if (expiresAt === null) return <>Never expires</>
  return (
    <>
      {status === 'expired' ? 'Expired ' : 'Expires '}
      <Ago at={expiresAt} now={now} />
    </>
  )
}
