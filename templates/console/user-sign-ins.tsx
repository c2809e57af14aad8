import { Ago } from '../ago.tsx'
import { DataTable } from '../data-table.tsx'
import { describeUserAgent } from '../describe-user-agent.ts'
import { Field, Select } from '../fields.tsx'
import { Confirm, Form } from '../form.tsx'
import type { ShownUser } from './user-page.tsx'

export type UserSignInsProps = {
  user: ShownUser
  isYou: boolean
  identities: readonly {
    id: string
    provider: string
    email: string
    emailVerified: boolean
    lastSignInAt: Date
  }[]
  sessions: readonly {
    id: string
    isThis: boolean
    provider: string
    userAgent: string | null
    address: string | null
    lastSeenAt: Date
  }[]
  providers: readonly { id: string; label: string }[]
  token: string
  now: Date
}

/** How a person signs in, and where they are signed in. */
export function UserSignIns(props: UserSignInsProps) {
  const { user, isYou, identities, sessions, providers, token, now } = props
  const path = `/console/users/${user.id}`
  const everyBrowser = isYou ? 'You are signed out of every browser, this one among them.' : ''
  return (
    <>
      <h2>How they sign in</h2>
      <DataTable
        caption="Accounts at providers"
        columns={['Account', 'Provider', 'Last sign-in', '']}
        rows={identities.map((identity) => [
          <span>
            {identity.email} {!identity.emailVerified && <span class="hint">not verified</span>}
          </span>,
          identity.provider,
          <Ago at={identity.lastSignInAt} now={now} />,
          identities.length > 1 && (
            <Confirm
              label="Remove"
              question={`Nobody signs in with ${identity.email} as this user any more, and every session of the user ends. ${everyBrowser}`}
              doIt="Remove this account"
              action={`${path}/identities/${identity.id}/remove`}
              token={token}
            />
          ),
        ])}
        empty={<p>No account at a provider is known.</p>}
      />
      {user.status === 'active' && providers.length > 0 && (
        <details class="confirm">
          <summary class="button">Approve another account</summary>
          <Form action={`${path}/identities`} token={token}>
            <p>Whoever signs in with this address next is this user, with all keys and rights.</p>
            <Field
              name="email"
              label="Email address"
              type="email"
              required
              maxlength={254}
              autocomplete="off"
            />
            <Select
              name="provider"
              label="Signs in with"
              options={providers.map(({ id, label }) => ({ value: id, label }))}
            />
            <button type="submit" class="button">
              Approve this account
            </button>
          </Form>
        </details>
      )}

      <h2>Where they are signed in</h2>
      <DataTable
        caption="Signed-in browsers"
        columns={['Browser', 'Address', 'Last seen', '']}
        rows={sessions.map((session) => [
          <span>
            {session.userAgent ? describeUserAgent(session.userAgent) : 'Unknown browser'}{' '}
            {session.isThis && <strong>This browser</strong>}
          </span>,
          session.address === null ? '–' : <code>{session.address}</code>,
          <Ago at={session.lastSeenAt} now={now} />,
          <Confirm
            label="End"
            question={session.isThis ? 'You are signed out of this browser.' : 'This browser is signed out.'}
            doIt="End this session"
            action={`${path}/sessions/${session.id}/end`}
            token={token}
          />,
        ])}
        empty={<p>Nowhere at the moment.</p>}
      />
      {sessions.length > 0 && (
        <Confirm
          label="End every session"
          question={everyBrowser || 'The user is signed out of every browser. The keys keep working.'}
          doIt="Sign out everywhere"
          action={`${path}/sessions/end`}
          token={token}
        />
      )}
    </>
  )
}
