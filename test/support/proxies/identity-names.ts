/** Every header in which Keydesk tells an app who is there. */
export const identityNames = [
  ...['User', 'Email', 'Name', 'Role', 'Groups', 'Method', 'Key-Id', 'Scopes', 'Jwt'].map(
    (name) => `X-Auth-Request-${name}`,
  ),
  // With IDENTITY_HEADERS=remote only.
  ...['User', 'Email', 'Name', 'Groups'].map((name) => `Remote-${name}`),
]

/** Headers of other proxies, to which an app may still listen. */
export const foreignIdentityNames = [
  'X-Auth-Request-Preferred-Username',
  'X-Auth-Request-Access-Token',
  'X-Remote-User',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Forwarded-Preferred-Username',
]

/** The ways to write a name that something between a client and an app may take for the same one. */
export function spellingsOf(name: string): string[] {
  const separators = [...name].flatMap((letter, index) => (letter === '-' ? [index] : []))
  const withUnderscores = Array.from({ length: 2 ** separators.length }, (_, bits) =>
    [...name]
      .map((letter, index) => (letter === '-' && bits & (1 << separators.indexOf(index)) ? '_' : letter))
      .join(''),
  )
  const mixed = [...name].map((letter, index) => (index % 2 ? letter.toUpperCase() : letter.toLowerCase()))
  return [
    ...withUnderscores,
    name.toLowerCase(),
    name.toUpperCase(),
    mixed.join(''),
    name.replaceAll('-', '_').toUpperCase(),
    name.replaceAll('-', '.'),
  ]
}
