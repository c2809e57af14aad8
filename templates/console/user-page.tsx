import { Ago } from '../ago.tsx'
import { Badge } from '../badge.tsx'
import { Fact } from '../fact.tsx'
import { StoppedKeys, type StoppedKeysProps } from '../stopped-keys.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { Responsible, type ResponsiblePerson } from './responsible.tsx'
import { UserEndings } from './user-endings.tsx'
import { UserForm } from './user-form.tsx'
import { UserKeys, type UserKeysProps } from './user-keys.tsx'
import { UserSignIns, type UserSignInsProps } from './user-sign-ins.tsx'

/** A person or a service account, as the page shows it. */
export type ShownUser = {
  id: string
  kind: 'person' | 'service'
  name: string | null
  email: string | null
  role: string
  status: string
  groups: readonly string[]
  scopeLimit: readonly string[] | null
  version: number
  createdAt: Date
}

export type UserPageProps = {
  frame: ConsoleFrame
  user: ShownUser
  /** Whoever sits there looks at themselves. */
  isYou: boolean
  responsible: ResponsiblePerson | null
  /** For how many service accounts the person answers. */
  answersFor: number
  /** Those that somebody found and stopped. */
  stoppedKeys: StoppedKeysProps['keys']
  /** What was typed into the form where that was not done. */
  typed: Readonly<Record<string, string>>
} & Pick<UserSignInsProps, 'identities' | 'sessions' | 'providers'> &
  Pick<UserKeysProps, 'keys' | 'liveKeys'>

/** Everything of one user, and everything that can be done about it. */
export function UserPage(props: UserPageProps) {
  const { frame, user, isYou, responsible, answersFor, keys, liveKeys, typed } = props
  const isPerson = user.kind === 'person'
  return (
    <ConsoleLayout
      frame={frame}
      section={isPerson ? 'users' : 'service-accounts'}
      title={user.name ?? user.email ?? user.id}
    >
      <StoppedKeys
        keys={props.stoppedKeys}
        newKeyHref={
          user.status === 'active' ? `/console/keys/new?user_id=${encodeURIComponent(user.id)}` : null
        }
        now={frame.now}
      />
      <dl class="facts">
        <Fact term={isPerson ? 'Email address' : 'Kind'}>
          {isPerson ? (user.email ?? 'none') : 'service account'}
        </Fact>
        <Fact term="Status">
          <Badge status={user.status} /> {isYou && 'This is you.'}
        </Fact>
        {isPerson && <Fact term="Role">{user.role === 'admin' ? 'administrator' : 'member'}</Fact>}
        {!isPerson && (
          <Fact term="Answers for it">
            <Responsible person={responsible} />
          </Fact>
        )}
        {answersFor > 0 && (
          <Fact term="Answers for">
            <a href={`/console/service-accounts?responsible_user_id=${encodeURIComponent(user.id)}`}>
              {answersFor === 1 ? '1 service account' : `${answersFor} service accounts`}
            </a>
          </Fact>
        )}
        <Fact term="Here since">
          <Ago at={user.createdAt} now={frame.now} />
        </Fact>
        <Fact term="User id">
          <code>{user.id}</code>
        </Fact>
        <Fact term="What happened">
          <a href={`/console/audit?target=${encodeURIComponent(`user:${user.id}`)}`}>Audit trail</a>
        </Fact>
      </dl>

      <UserKeys user={user} keys={keys} liveKeys={liveKeys} now={frame.now} />
      <UserForm user={user} isYou={isYou} responsible={responsible} typed={typed} token={frame.token} />
      {isPerson && <UserSignIns {...props} token={frame.token} now={frame.now} />}
      <UserEndings user={user} isYou={isYou} answersFor={answersFor} token={frame.token} />
    </ConsoleLayout>
  )
}
