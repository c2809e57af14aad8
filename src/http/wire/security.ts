type Security = { [scheme: string]: string[] }[]

/** Who may call the admin API: the master key, the browser session of an admin, or a key of an admin. */
export const adminSecurity: Security = [{ masterKey: [] }, { session: [] }, { apiKey: [] }, { bearerKey: [] }]

/** What a proxy passes on: the cookie of a browser, a key, or a JWT. */
export const verifySecurity: Security = [
  { session: [] },
  { appSession: [] },
  { apiKey: [] },
  { bearerKey: [] },
  { jwt: [] },
]

/** A key, in one of the two headers. */
export const keySecurity: Security = [{ apiKey: [] }, { bearerKey: [] }]
