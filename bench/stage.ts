import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readMemory } from './processes.ts'
import { fetchRaw, requireAlike, validationOf } from './raw-answer.ts'
import { makeKeys, readTagKey, type SeedKey, seedDatabase, writeKeyFile } from './seed.ts'
import { type Server, startLimit, startPeer, startProduct } from './servers.ts'
import type { BenchSettings } from './settings.ts'
import { runLoad } from './start-load.ts'

/** Everything that is measured, running and warm. */
export interface Stage {
  readonly folder: string
  readonly masterKey: string
  /** As the image starts it, by how many keys the database holds; in `forged` the limit on failures is off. */
  readonly servers: {
    readonly few: Server
    readonly warmOnly: Server
    readonly many: Server
    readonly forged: Server
    readonly latency: Server
    readonly limit200: Server
    readonly limit401: Server
    readonly peer: Server | null
  }
  readonly peerProblem: string | null
  readonly keys: { readonly warm: readonly SeedKey[]; readonly cold: readonly SeedKey[] }
  readonly files: {
    readonly few: string
    readonly warm: string
    readonly latencyWarm: string
    readonly cold: string
    readonly peer: string
    readonly latencyDatabase: string
  }
  /** Of the process with many keys, when the warm ones had been verified once. */
  readonly warmedMemory: { residentMib: number; highestMib: number }
  startWithActiveKeys(count: number): Promise<{ server: Server; keyFile: string }>
}

export async function setStage(
  folder: string,
  settings: BenchSettings,
  peerProblem: string | null,
  say: (line: string) => void,
): Promise<Stage> {
  const masterKey = randomBytes(32).toString('hex')
  const template = join(folder, 'template.db')
  const first = await startProduct('template', { folder, databaseUrl: `file:${template}`, masterKey })
  await first.stop()

  say(`Making ${settings.keysWarm} warm and ${settings.keysCold} cold keys`)
  const counts = { warm: settings.keysWarm, cold: settings.keysCold }
  const keys = await makeKeys(readTagKey(template, masterKey), counts)
  const few = keys.warm.slice(0, settings.keysFew)
  const latencyWarm = keys.warm.slice(0, settings.latencyKeys)
  const files = {
    few: writeKeyFile(folder, 'few', few),
    warm: writeKeyFile(folder, 'warm', keys.warm),
    latencyWarm: writeKeyFile(folder, 'latency-warm', latencyWarm),
    cold: writeKeyFile(folder, 'cold', keys.cold),
    peer: join(folder, 'peer.keys'),
    latencyDatabase: join(folder, 'latency.db'),
  }

  say(`Seeding databases, the largest with ${settings.keysMany} keys`)
  const fewServer = await start('few', few, few.length)
  const warmOnly = await start('warm-only', keys.warm, keys.warm.length)
  const many = await start('many', [...keys.warm, ...keys.cold], settings.keysMany)
  const forged = await start('forged', few, few.length, { FAILURE_RATE_LIMIT: 'off' })
  const latency = await start('latency', [...latencyWarm, ...keys.cold], settings.keysFew)

  say('Warming')
  await warm(fewServer, files.few)
  await warm(warmOnly, files.warm)
  await warm(many, files.warm)
  await warm(latency, files.latencyWarm)
  const servers = {
    few: fewServer,
    warmOnly,
    many,
    forged,
    latency,
    limit200: await limitOf(fewServer, few[0]?.text ?? ''),
    limit401: await limitOf(forged, `kd_${'0'.repeat(12)}_${'0'.repeat(43 + 16)}`),
  }
  const withPeer = await addPeer()
  return {
    folder,
    masterKey,
    servers: { ...servers, peer: withPeer.peer },
    peerProblem: withPeer.problem,
    keys,
    files,
    warmedMemory: readMemory(many.pid),
    async startWithActiveKeys(count) {
      const active = keys.cold.slice(0, count)
      const server = await start('restart', active, active.length)
      return { server, keyFile: writeKeyFile(folder, 'restart', active) }
    },
  }

  async function start(
    name: string,
    seeded: readonly SeedKey[],
    total: number,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Server> {
    const databaseFile = join(folder, `${name}.db`)
    seedDatabase(template, databaseFile, seeded, total)
    return startProduct(name, {
      folder,
      databaseUrl: `file:${databaseFile}`,
      masterKey,
      settings: environment,
    })
  }

  /** Presents every key once. */
  async function warm({ port }: Server, file: string): Promise<void> {
    const { connections } = settings
    await runLoad(
      { port, connections, keys: { from: 'file', file, order: 'in turn' }, pace: { kind: 'once' } },
      [200],
    )
  }

  async function limitOf(product: Server, keyText: string): Promise<Server> {
    const answer = await fetchRaw(product.port, validationOf(keyText))
    const limit = await startLimit(`limit-${answer.status}`, folder, answer)
    requireAlike(await fetchRaw(limit.port, validationOf(keyText)), answer)
    return limit
  }

  async function addPeer(): Promise<{ peer: Server | null; problem: string | null }> {
    if (peerProblem !== null) return { peer: null, problem: peerProblem }
    try {
      return { peer: await startPeer(folder, files.peer, settings.peerKeys), problem: null }
    } catch (error) {
      return { peer: null, problem: error instanceof Error ? error.message : String(error) }
    }
  }
}
