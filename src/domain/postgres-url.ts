/** Where a Postgres is, and how to talk to it. */
export interface PostgresAddress {
  /** A host name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string | undefined
  readonly password: string | undefined
  /** Null: no encryption. Otherwise the server's certificate is verified, always. */
  readonly tls: {
    readonly rootCertificateFile: string | undefined
    readonly certificateFile: string | undefined
    readonly keyFile: string | undefined
  } | null
}

const shape = 'must look like postgres://user:password@host:5432/database'
const parameters = new Set(['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'])
const verifyingModes = new Set(['require', 'verify-ca', 'verify-full'])
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Reads a URL such as `postgres://user:password@host:5432/database?sslmode=verify-full&sslrootcert=/etc/ca.pem`, with the
 * parameters that libpq knows, or says in words what is wrong with it. Without `sslmode` only loopback and sockets go
 * unencrypted. Where there is encryption the certificate is verified, also for the modes in which libpq would not.
 */
export function parsePostgresUrl(text: string): PostgresAddress | { readonly problem: string } {
  if (!URL.canParse(text)) return { problem: `${shape}; escape special characters of the password as %XX` }
  const url = new URL(text)
  const options = url.searchParams
  const names = [...options.keys()]
  if (new Set(names).size < names.length || [...options.values()].includes(''))
    return { problem: 'has a parameter twice, or one without a value' }
  const unknown = names.find((name) => !parameters.has(name))
  if (unknown !== undefined) {
    // What does not look like a parameter may be the end of a password with a question mark in it.
    const name = /^[a-z_]{1,30}$/.test(unknown) ? ` "${unknown}"` : ''
    return { problem: `has a parameter${name} that is not known; known are ${[...parameters].join(', ')}` }
  }
  const socketFolder = options.get('host')
  if (socketFolder !== null && !socketFolder.startsWith('/'))
    return { problem: 'has a host parameter that is no folder; a host name goes before the port' }
  const host = socketFolder ?? url.hostname
  const database = decode(url.pathname.slice(1))
  const user = decode(url.username)
  const password = decode(url.password)
  if (
    host === '' ||
    host.includes(',') ||
    !database ||
    database.includes('/') ||
    user === null ||
    password === null
  )
    return { problem: shape }
  const tls = readTls(options, socketFolder !== null || loopback.test(host))
  if (tls !== null && 'problem' in tls) return tls
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 5432),
    database,
    user: user || undefined,
    password: password || undefined,
    tls,
  }
}

function readTls(options: URLSearchParams, isLocal: boolean): PostgresAddress['tls'] | { problem: string } {
  const mode = options.get('sslmode') ?? (isLocal ? 'disable' : 'verify-full')
  const files = {
    rootCertificateFile: options.get('sslrootcert') ?? undefined,
    certificateFile: options.get('sslcert') ?? undefined,
    keyFile: options.get('sslkey') ?? undefined,
  }
  if (mode === 'disable') return null
  if (!verifyingModes.has(mode))
    return { problem: `has sslmode=${mode}; use verify-full, or disable on a network that nobody else is on` }
  if ((files.certificateFile === undefined) !== (files.keyFile === undefined))
    return { problem: 'has one of sslcert and sslkey; give both, or neither' }
  return files
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
