import { describeUserAgent } from '../describe-user-agent.ts'

/** What is known of an event without anybody’s details. */
export function EventFacts(props: {
  /** By name, as text. */
  facts: readonly (readonly [string, string])[]
  action: string
  requestId: string | null
}) {
  return (
    <>
      <code class="line">{props.action}</code>
      {props.facts.map(([name, value]) => (
        <span class="line hint">{`${name}: ${value}`}</span>
      ))}
      {props.requestId && <span class="line hint">{`request ${props.requestId}`}</span>}
    </>
  )
}

/** Where the request came from, as long as that is kept. */
export function EventOrigin({ address, userAgent }: { address: string | null; userAgent: string | null }) {
  if (address === null && userAgent === null) return <span class="hint">not kept</span>
  return (
    <>
      {address && <code class="line">{address}</code>}
      {userAgent && (
        <span class="line hint" title={userAgent}>
          {describeUserAgent(userAgent)}
        </span>
      )}
    </>
  )
}
