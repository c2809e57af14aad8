/** As many as leave room for the rest of the row. */
const scopesMax = 3

/** Some scopes of a key, in a row of a list; its own page has all of them. */
export function ListedScopes({ scopes }: { scopes: readonly string[] }) {
  if (scopes.length === 0) return <span class="hint">none</span>
  const more = scopes.length - scopesMax
  return (
    <>
      {scopes.slice(0, scopesMax).map((scope) => (
        <code class="line">{scope}</code>
      ))}
      {more > 0 && <span class="line hint">{`and ${more} more`}</span>}
    </>
  )
}
