import { Ago } from '../ago.tsx'
import { describeUserAgent } from '../describe-user-agent.ts'
import { Form } from '../form.tsx'

export type SessionCardsProps = {
  sessions: readonly {
    id: string
    isThis: boolean
    userAgent: string | null
    address: string | null
    createdAt: Date
    lastSeenAt: Date
  }[]
  token: string
  now: Date
}

/** As many as people read. */
const sessionsMax = 15

/** The browsers in which somebody is signed in, this one first, each of the others with the way to sign it out. */
export function SessionCards({ sessions, token, now }: SessionCardsProps) {
  const listed = sessions.toSorted((a, b) => Number(b.isThis) - Number(a.isThis)).slice(0, sessionsMax)
  return (
    <>
      <ul class="cards">
        {listed.map(({ id, isThis, userAgent, address, createdAt, lastSeenAt }) => (
          <li>
            <div>
              <strong class="line">{userAgent ? describeUserAgent(userAgent) : 'Unknown browser'}</strong>
              {isThis && <span class="line here">This browser</span>}
              {address && <code class="line">{address}</code>}
              {!isThis && (
                <Form action={`/account/sessions/${encodeURIComponent(id)}/end`} token={token}>
                  <p>
                    <button type="submit" class="button small">
                      Sign out there
                    </button>
                  </p>
                </Form>
              )}
            </div>
            <p class="quiet">
              <span class="line">
                Signed in <Ago at={createdAt} now={now} />
              </span>
              <span class="line">
                Last seen <Ago at={lastSeenAt} now={now} />
              </span>
            </p>
          </li>
        ))}
      </ul>
      {sessions.length > listed.length && <p>{`And ${sessions.length - listed.length} more.`}</p>}
    </>
  )
}
