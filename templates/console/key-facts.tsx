import { Ago } from '../ago.tsx'
import { Fact } from '../fact.tsx'
import { KeyOwner, type KeyOwnerProps } from './key-owner.tsx'

export type ShownKey = {
  id: string
  name: string
  status: string
  scopes: readonly string[]
  metadata: Readonly<Record<string, unknown>>
  rateLimit: { limit: number; window_seconds: number } | null
  allowedAddresses: readonly string[] | null
  createdThrough: string
  createdBy: string
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
  lastAddress: string | null
  lastUserAgent: string | null
  requestCount: number | null
  revokedAt: Date | null
  revokedReason: string | null
  retiresAt: Date | null
  quietSeconds: number | null
}

const ways: Record<string, string> = {
  sso: 'by sign-in',
  admin: 'by an administrator',
  'self-service': 'on the account page',
}

/** What a key is, carries and is limited to. */
export function KeyFacts(
  props: KeyOwnerProps & { apiKey: ShownKey; deadScopes: readonly string[]; now: Date },
) {
  const { apiKey, owner, responsible, deadScopes, now } = props
  const { rateLimit, allowedAddresses, createdBy, expiresAt, revokedAt, revokedReason } = apiKey
  const maker = /^user:(.+)$/.exec(createdBy)?.[1]
  return (
    <dl class="facts">
      <Fact term="Owner">
        <KeyOwner owner={owner} responsible={responsible} />
      </Fact>
      <Fact term="Made">
        <Ago at={apiKey.createdAt} now={now} /> {ways[apiKey.createdThrough] ?? apiKey.createdThrough}
        {maker === undefined ? (
          <span class="line hint">{createdBy === 'master_key' ? 'with the master key' : createdBy}</span>
        ) : (
          maker !== owner.id && (
            <a class="line hint" href={`/console/users/${maker}`}>
              {maker}
            </a>
          )
        )}
      </Fact>
      <Fact term="Expires">{expiresAt === null ? 'never' : <Ago at={expiresAt} now={now} />}</Fact>
      {revokedAt && (
        <Fact term="Revoked">
          <Ago at={revokedAt} now={now} />
          {revokedReason && <span class="line hint">{revokedReason}</span>}
        </Fact>
      )}
      <Fact term="Rate limit">
        {rateLimit === null ? 'none' : `${rateLimit.limit} in ${inWords(rateLimit.window_seconds)}`}
      </Fact>
      <Fact term="Allowed addresses">
        {allowedAddresses === null ? 'from anywhere' : <code>{allowedAddresses.join(' ')}</code>}
      </Fact>
      <Fact term="Scopes" long={apiKey.scopes.length > 2}>
        {apiKey.scopes.length === 0 ? 'none' : <code>{apiKey.scopes.join(' ')}</code>}
        {deadScopes.length > 0 && (
          <span class="line hint">
            Without effect on this owner: <code>{deadScopes.join(' ')}</code>
          </span>
        )}
      </Fact>
    </dl>
  )
}

const spans = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** A span of time in its largest whole unit. */
export function inWords(seconds: number): string {
  const [unit, length] = spans.find(
    ([, unitSeconds]) => seconds >= unitSeconds && seconds % unitSeconds === 0,
  ) ?? ['second', 1]
  const count = seconds / length
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
