import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

/** Publishes signing keys as Keydesk does, and signs whatever a test wants, which Keydesk would not. */
export interface ExampleIssuer {
  readonly url: string
  /** How often the keys were fetched. */
  fetched(): number
  /** A JWT as Keydesk would make it for `fastapi`, but for these claims; null leaves a claim out. */
  sign(claims?: Readonly<Record<string, unknown>>, signedWith?: SignedWith): Promise<string>
  /** The same claims without any signature. */
  unsigned(): string
  /** Publishes a new key beside the old ones and signs with it from now on. */
  rotate(): Promise<void>
  close(): Promise<void>
}

export interface SignedWith {
  readonly kid?: string
  readonly alg?: string
  readonly key?: CryptoKey | Uint8Array
}

export async function startExampleIssuer(): Promise<ExampleIssuer> {
  const published: JWK[] = []
  let present = await newKey('first')
  let fetches = 0
  const server = createServer((request, response) => {
    if (request.url !== '/.well-known/jwks.json') return void response.writeHead(404).end()
    fetches += 1
    response.writeHead(200, { 'content-type': 'application/jwk-set+json' })
    response.end(JSON.stringify({ keys: published }))
  })
  const url = await listen(server)

  async function newKey(kid: string) {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    published.push({ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' })
    return { kid, privateKey }
  }

  function claimsOf(changed: Readonly<Record<string, unknown>> = {}): JWTPayload {
    const iat = Math.floor(Date.now() / 1000)
    const claims = {
      iss: url,
      aud: 'fastapi',
      sub: 'user-1',
      email: 'ada@example.com',
      name: 'Ada Zoë',
      roles: ['user', 'finance'],
      groups: ['finance'],
      scope: 'reports:read reports:write',
      jti: 'jti-1',
      key_id: 'AAAAAAAAAAAA',
      iat,
      exp: iat + 300,
      ...changed,
    }
    return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null))
  }

  return {
    url,
    fetched: () => fetches,
    sign: (claims, { kid = present.kid, alg = 'ES256', key = present.privateKey } = {}) =>
      new SignJWT(claimsOf(claims)).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key),
    unsigned: () => {
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${part({ alg: 'none', kid: present.kid, typ: 'JWT' })}.${part(claimsOf())}.`
    },
    rotate: async () => {
      present = await newKey('second')
    },
    close: () => close(server),
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
}
