import { Ago } from './ago.tsx'
import { describeUserAgent } from './describe-user-agent.ts'

/** What is known of the last use of a key. */
export type KnownUse = { lastUsedAt: Date | null; lastAddress: string | null; lastUserAgent: string | null }

/** When a key was used last, from where and by what; `never` where it was not. */
export function LastUse(props: { use: KnownUse; now: Date; never?: string }) {
  const { use, now, never = 'Never, as far as is known' } = props
  const { lastUsedAt, lastAddress, lastUserAgent } = use
  if (lastUsedAt === null) return <>{never}</>
  return (
    <>
      <Ago at={lastUsedAt} now={now} />
      {lastAddress && (
        <>
          {' '}
          from <code>{lastAddress}</code>
        </>
      )}
      {lastUserAgent && (
        <>
          , by <span title={lastUserAgent}>{describeUserAgent(lastUserAgent)}</span>
        </>
      )}
    </>
  )
}
