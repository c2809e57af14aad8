/** What an app says of who may reach it. */
export type AppAccessProps = {
  groups: readonly string[]
  roles: readonly string[]
  scopes: readonly string[]
}

/** Who may reach an app, in a row of the list. */
export function AppAccess({ app: { groups, roles, scopes } }: { app: AppAccessProps }) {
  const role = roles.length === 1 ? `${roles[0] === 'admin' ? 'administrators' : 'members'} alone` : null
  if (role === null && groups.length + scopes.length === 0) return <span>everybody</span>
  return (
    <>
      {role !== null && <span class="line">{role}</span>}
      {groups.length > 0 && (
        <span class="line">
          in <Some names={groups} between=" or " />
        </span>
      )}
      {scopes.length > 0 && (
        <span class="line">
          with <Some names={scopes} between=" and " />
        </span>
      )}
    </>
  )
}

/** As many names as leave room for the rest of the row. */
function Some({ names, between }: { names: readonly string[]; between: string }) {
  const more = names.length - namesMax
  return (
    <>
      {names.slice(0, namesMax).map((name, at) => (
        <>
          {at > 0 && between}
          <code>{name}</code>
        </>
      ))}
      {more > 0 && <span class="hint">{`${between}${more} more`}</span>}
    </>
  )
}

const namesMax = 3

const proofs: Record<string, string> = { session: 'browser', key: 'API key', jwt: 'JWT' }

/** By what they prove who they are. */
export function AppMethods({ methods }: { methods: readonly string[] }) {
  return <span>{methods.map((method) => proofs[method] ?? method).join(', ')}</span>
}
