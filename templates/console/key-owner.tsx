export type KeyOwnerProps = {
  owner: { id: string; kind: string; name: string | null; email: string | null; status: string }
  /** Who answers for it, where it is a service account. */
  responsible: { id: string; name: string | null; email: string | null } | null
}

/** Whose a key is; for a service account, who answers for it. */
export function KeyOwner({ owner, responsible }: KeyOwnerProps) {
  const { id, kind, name, email, status } = owner
  return (
    <div>
      <a class="line" href={`/console/users/${id}`}>
        {name ?? email ?? 'somebody who was erased'}
      </a>
      {name !== null && email !== null && <span class="line hint">{email}</span>}
      {kind === 'service' && (
        <span class="line hint">
          service account,{' '}
          {responsible === null ? (
            'nobody answers for it'
          ) : (
            <>
              <a href={`/console/users/${responsible.id}`}>
                {responsible.name ?? responsible.email ?? 'somebody'}
              </a>{' '}
              answers for it
            </>
          )}
        </span>
      )}
      {status === 'disabled' && <span class="line hint">disabled: their keys are refused</span>}
    </div>
  )
}
