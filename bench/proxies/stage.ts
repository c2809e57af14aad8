import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { PartContext } from '../part.ts'
import { fetchRaw, requireAlike } from '../raw-answer.ts'
import { makeKeys, readTagKey, seedDatabase } from '../seed.ts'
import { type Server, startLimit, startProduct } from '../servers.ts'
import {
  appHost,
  type Credential,
  type CredentialKind,
  jwtFor,
  keyCredential,
  kinds,
  seedSessions,
} from './credentials.ts'
import { type Front, missing, startCaddy, startEcho, startNginx } from './fronts.ts'
import { type AskingProxy, askingProxies, callOf, questionOf, writeRequests } from './requests.ts'

/** A question of a proxy with one kind of credential, and the bare route that gives the same answer. */
export interface VerifyStage {
  readonly proxy: AskingProxy
  readonly kind: CredentialKind
  readonly limit: Server
  /** The questions, for a load generator: to the product, and to the one on one core. Each knows its own JWTs. */
  readonly file: string
  readonly latencyFile: string
}

export interface ProxyStage {
  readonly product: Server
  /** The same product on one core, for latency. */
  readonly onOneCore: Server
  readonly verify: readonly VerifyStage[]
  readonly fronts: readonly Front[]
  /** The calls of clients, by what they show. */
  readonly callFiles: Readonly<Record<CredentialKind, string>>
  readonly keys: readonly Credential[]
  readonly problems: readonly string[]
}

/** A JWT is to last as long as the bench. */
const productSettings = { JWT_TTL: '1h' }

export async function setProxyStage(context: PartContext, count: number): Promise<ProxyStage> {
  const { folder, say } = context
  const masterKey = randomBytes(32).toString('hex')
  const template = join(folder, 'template.db')
  const first = await startProduct('template', { folder, databaseUrl: `file:${template}`, masterKey })
  await first.stop()
  say(`Making ${count} keys and as many sessions and JWTs`)
  const { warm } = await makeKeys(readTagKey(template, masterKey), { warm: count, cold: 0 })
  const keys = warm.map(keyCredential)

  const { product, credentials } = await start('product')
  const oneCore = await start('one-core', 0)
  const verify: VerifyStage[] = []
  for (const proxy of askingProxies)
    for (const kind of kinds)
      verify.push(await verifyStage(proxy, kind, product, credentials[kind], oneCore.credentials[kind]))

  const echo = await startEcho()
  const problems = [missing('nginx'), missing('caddy')].filter((problem) => problem !== null)
  const fronts = [
    ...(missing('nginx') === null ? [await startNginx(folder, product.port, echo.port)] : []),
    ...(missing('caddy') === null ? [await startCaddy(folder, product.port, echo.port)] : []),
  ]
  for (const front of fronts) await requireAtWork(front, credentials)
  const callFile = (kind: CredentialKind) =>
    writeRequests(folder, `call-${kind}`, credentials[kind].map(callOf))
  return {
    product,
    onOneCore: oneCore.product,
    verify,
    fronts,
    callFiles: { key: callFile('key'), session: callFile('session'), jwt: callFile('jwt') },
    keys,
    problems,
  }

  async function start(name: string, core?: number) {
    const file = join(folder, `${name}.db`)
    seedDatabase(template, file, warm, warm.length)
    const sessions = seedSessions(file, count)
    const databaseUrl = `file:${file}`
    const product = await startProduct(name, {
      folder,
      databaseUrl,
      masterKey,
      settings: productSettings,
      ...(core === undefined ? {} : { core }),
    })
    await addApp(product, masterKey)
    const jwts: Credential[] = []
    for (const key of keys)
      jwts.push({ headers: { Authorization: `Bearer ${await jwtFor(product.port, key)}` } })
    return { product, credentials: { key: keys, session: sessions, jwt: jwts } }
  }

  async function verifyStage(
    proxy: AskingProxy,
    kind: CredentialKind,
    product: Server,
    credentials: readonly Credential[],
    onOneCore: readonly Credential[],
  ): Promise<VerifyStage> {
    const ask = (credential: Credential) => questionOf(proxy, credential)
    const questions = credentials.map(ask)
    const [question] = questions
    if (question === undefined) throw new Error('there is nothing to ask with')
    const answer = await fetchRaw(product.port, question)
    if (answer.status !== 200) throw new Error(`${proxy} with a ${kind} was answered with ${answer.status}`)
    const limit = await startLimit(`limit-${proxy}-${kind}`, folder, answer, question.path)
    requireAlike(await fetchRaw(limit.port, question), answer)
    const name = `verify-${proxy}-${kind}`
    return {
      proxy,
      kind,
      limit,
      file: writeRequests(folder, name, questions),
      latencyFile: writeRequests(folder, `${name}-latency`, onOneCore.map(ask)),
    }
  }
}

/** So that the rules of an app are judged, too. */
async function addApp({ port }: Server, masterKey: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/admin/apps`, {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ host: appHost, groups: ['engineering'] }),
  })
  if (response.status !== 201)
    throw new Error(`the app was not added: ${response.status} ${await response.text()}`)
}

/** @throws unless the app is told who asks, and nobody comes to it without a credential where Keydesk is asked. */
async function requireAtWork(
  { name, protectedPort, barePort }: Front,
  credentials: Readonly<Record<CredentialKind, readonly Credential[]>>,
): Promise<void> {
  const nobody = { headers: {} }
  const said = async (port: number, credential: Credential) => {
    const { status, body } = await fetchRaw(port, callOf(credential))
    return `${status} ${body}`
  }
  for (const kind of kinds) {
    const credential = credentials[kind][0] ?? nobody
    const answer = await said(protectedPort, credential)
    if (!answer.startsWith(`200 usr_bench by ${kind} asks`))
      throw new Error(`${name} with a ${kind}: ${answer}`)
  }
  const refused = await said(protectedPort, nobody)
  if (!refused.startsWith('401')) throw new Error(`${name} let nobody in: ${refused}`)
  const bare = await said(barePort, nobody)
  if (!bare.startsWith('200 nobody')) throw new Error(`${name} without Keydesk: ${bare}`)
}
