type Security = { [scheme: string]: string[] }[]

/** Who may call the admin API: the master key, the browser session of an admin, or a key of an admin. */
export const adminSecurity: Security = [{ masterKey: [] }, { session: [] }, { apiKey: [] }, { bearerKey: [] }]

/** A key, in one of the two headers. */
export const keySecurity: Security = [{ apiKey: [] }, { bearerKey: [] }]
