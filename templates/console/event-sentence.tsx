/** Somebody, or something, by a name and a link where there is a page. */
export type PartyProps = { kind: 'user' | 'key' | 'other'; label: string; id: string | null }

/** What was done, as a sentence has it between who did it and to what. */
const verbs: Record<string, string> = {
  'sign_in.succeeded': 'signed in',
  'sign_in.refused': 'was refused at sign-in',
  'session.ended': 'ended a session of',
  'sessions.ended': 'ended all sessions of',
  'user.created': 'added',
  'user.updated': 'changed',
  'user.role_changed': 'changed the role of',
  'user.disabled': 'disabled',
  'user.enabled': 'enabled',
  'user.everything_revoked': 'revoked everything of',
  'user.erased': 'erased',
  'identity.linked': 'added a way to sign in to',
  'identity.approved': 'approved a way to sign in of',
  'identity.removed': 'removed a way to sign in from',
  'invitation.created': 'invited somebody:',
  'invitation.accepted': 'took up an invitation:',
  'invitation.withdrawn': 'withdrew an invitation:',
  'access_rule.created': 'added an access rule:',
  'access_rule.deleted': 'removed an access rule:',
  'allowlist.changed': 'read a changed external list',
  'app.created': 'added an app:',
  'app.updated': 'changed an app:',
  'app.deleted': 'removed an app:',
  'auth_code.exchanged': 'exchanged a one-time code for a JWT',
  'key.minted': 'made key',
  'key.first_used': 'was used for the first time',
  'key.updated': 'changed key',
  'key.rotated': 'rotated key',
  'key.retired': 'retired key',
  'key.revoked': 'revoked key',
  'admin.refused': 'was refused at the admin API',
  'audit.pruned': 'pruned the audit trail',
  'keyring.created': 'made a key of Keydesk itself:',
  'keyring.rewrapped': 'wrapped a key of Keydesk itself anew:',
  'keyring.rotated': 'rotated the key that signs JWTs:',
  'keyring.removed': 'removed a key of Keydesk itself:',
}

/** What somebody did to themselves, where that reads otherwise. */
const ownVerbs: Record<string, string> = {
  'session.ended': 'signed out',
  'sessions.ended': 'signed out everywhere',
  'user.created': 'came in for the first time',
  'user.updated': 'came in with a changed profile',
  'user.role_changed': 'came in with another role',
  'identity.linked': 'added a way to sign in',
  'identity.removed': 'removed a way to sign in',
  'auth_code.exchanged': 'exchanged a one-time code for a JWT',
  'key.revoked': 'was revoked by who held it',
}

/** Whoever did it is whom it was done to, or nobody else. */
const isAlone = new Set([
  'sign_in.succeeded',
  'sign_in.refused',
  'admin.refused',
  'allowlist.changed',
  'key.first_used',
])

/** What happened, as one sentence with links. An action that is new here is shown as it is. */
export function EventSentence(props: {
  action: string
  actor: PartyProps
  target: PartyProps | null
  /** The address that it was about, where there is one. */
  email: string | null
}) {
  const { action, actor, target, email } = props
  const isOwn = target !== null && target.id !== null && target.kind === actor.kind && target.id === actor.id
  const isNamed = email === null || email === actor.label || email === target?.label
  return (
    <>
      <PartyName party={actor} /> {(isOwn && own(action, ownVerbs)) || own(action, verbs) || action}
      {target !== null && !isAlone.has(action) && !(isOwn && own(action, ownVerbs)) && (
        <> {isOwn ? 'themselves' : <PartyName party={target} />}</>
      )}
      {!isNamed && <span class="line hint">{email}</span>}
    </>
  )
}

function own(action: string, table: Record<string, string>): string | undefined {
  return Object.hasOwn(table, action) ? table[action] : undefined
}

function PartyName({ party: { kind, label, id } }: { party: PartyProps }) {
  if (id === null || kind === 'other') return <span>{label}</span>
  return <a href={`/console/${kind === 'user' ? 'users' : 'keys'}/${id}`}>{label}</a>
}
