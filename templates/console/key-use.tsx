import { Ago } from '../ago.tsx'
import { DataTable } from '../data-table.tsx'
import type { ShownKey } from './key-facts.tsx'
import { refusalWords } from './refusal-words.ts'

export type Refusal = { at: Date; reason: string; address: string | null; userAgent: string | null }

type Use = Pick<ShownKey, 'lastUsedAt' | 'lastAddress' | 'lastUserAgent'>

/** Who used a key last: when, from where, and what the caller calls itself. */
export function LastUse({ use, now }: { use: Use; now: Date }) {
  const { lastUsedAt, lastAddress, lastUserAgent } = use
  if (lastUsedAt === null) return <>was never used</>
  return (
    <>
      was last used <Ago at={lastUsedAt} now={now} />
      {lastAddress && (
        <>
          {' '}
          from <code>{lastAddress}</code>
        </>
      )}
      {lastUserAgent && (
        <>
          {' '}
          by <code>{lastUserAgent}</code>
        </>
      )}
    </>
  )
}

/** How often a key was used, and why it was refused lately. */
export function KeyUse({
  apiKey,
  refusals,
  now,
}: {
  apiKey: ShownKey
  refusals: readonly Refusal[]
  now: Date
}) {
  const count = (apiKey.requestCount ?? 0).toLocaleString('en')
  return (
    <>
      <p>
        {count !== '0' && `${count === '1' ? '1 request' : `${count} requests`}. `}It{' '}
        <LastUse use={apiKey} now={now} />.
      </p>
      <DataTable
        caption="The latest refusals of this key"
        columns={['Refused', 'Reason', 'Address', 'Caller']}
        rows={refusals.map(({ at, reason, address, userAgent }) => [
          <Ago at={at} now={now} />,
          <span>
            {refusalWords(reason)} <code class="line hint">{reason}</code>
          </span>,
          address === null ? 'unknown' : <code>{address}</code>,
          userAgent ?? 'unknown',
        ])}
        empty={<p>It was not refused lately.</p>}
      />
    </>
  )
}
