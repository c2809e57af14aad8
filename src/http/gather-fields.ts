/** Named values, as queries and forms send them: a name that comes once is a text, one that comes more often a list. */
export type Fields = Record<string, string | string[]>

/** Gathers them in one pass. No name is special: `__proto__` is a field that nobody knows, like any other. */
export function gatherFields(pairs: Iterable<readonly [string, string]>): Fields {
  const fields = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  return Object.fromEntries(
    [...fields].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  )
}
