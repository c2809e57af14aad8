import { Ago } from '../ago.tsx'
import { DataTable } from '../data-table.tsx'
import { type KnownUse, LastUse } from '../last-use.tsx'
import type { ShownKey } from './key-facts.tsx'
import { refusalWords } from './refusal-words.ts'

export type Refusal = { at: Date; reason: string; address: string | null; userAgent: string | null }

/** Whether and when a key was used, in a sentence about it. */
export function WasUsed({ use, now }: { use: KnownUse; now: Date }) {
  return (
    <>
      {use.lastUsedAt !== null && 'was last used '}
      <LastUse use={use} now={now} never="was never used" />
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
        <WasUsed use={apiKey} now={now} />.
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
