import { join } from 'node:path'
import type { PartContext } from '../part.ts'
import { setPostgresStage } from '../postgres-stage.ts'
import { makeKeys, readTagKey, type SeedKey, seedDatabase, writeKeyFile } from '../seed.ts'
import { type Server, startProduct } from '../servers.ts'
import { runLoad } from '../start-load.ts'
import type { EngineSettings } from './settings.ts'

export const engineNames = ['sqlite', 'postgres'] as const
export type EngineName = (typeof engineNames)[number]

/** One process on one engine, warm. */
export interface Engine {
  readonly name: EngineName
  readonly server: Server
  readonly masterKey: string
  readonly warmFile: string
  /** A file with keys that nobody has presented yet. */
  takeCold(count: number): string
}

/** Argon2id as cheap as it goes, so that the database shows. Everything else is as the image has it. */
const processSettings = { ARGON2_MEMORY_KIB: '64', ARGON2_TIME_COST: '1', ARGON2_PARALLELISM: '1' }

/** The same process with the same settings, once on each engine, with as many keys of the same kind. */
export async function setEngines(
  context: PartContext,
  settings: EngineSettings,
): Promise<Record<EngineName, Engine>> {
  const { folder } = context
  const keyCount = settings.keysWarm + 2 * settings.coldPerRound * (settings.warm.rounds + 1)
  const postgres = await setPostgresStage(context, keyCount)
  const { masterKey } = postgres
  const sqlite = await seedSqlite(context, masterKey, keyCount)
  return {
    sqlite: await startEngine('sqlite', sqlite.databaseUrl, sqlite.keys),
    postgres: await startEngine('postgres', postgres.databaseUrl, postgres.keys),
  }

  async function startEngine(
    name: EngineName,
    databaseUrl: string,
    keys: readonly SeedKey[],
  ): Promise<Engine> {
    const server = await startProduct(name, { folder, databaseUrl, masterKey, settings: processSettings })
    const warmFile = writeKeyFile(folder, `${name}-warm`, keys.slice(0, settings.keysWarm))
    const { connections } = settings.warm
    await runLoad(
      {
        port: server.port,
        connections,
        keys: { from: 'file', file: warmFile, order: 'in turn' },
        pace: { kind: 'once' },
      },
      [200],
    )
    let taken = settings.keysWarm
    return {
      name,
      server,
      masterKey,
      warmFile,
      takeCold(count) {
        taken += count
        if (taken > keys.length) throw new Error('there are no cold keys left')
        return writeKeyFile(folder, `${name}-cold-${taken}`, keys.slice(taken - count, taken))
      },
    }
  }
}

async function seedSqlite({ folder, say }: PartContext, masterKey: string, keyCount: number) {
  say(`SQLite, with ${keyCount} keys`)
  const template = join(folder, 'template.db')
  const first = await startProduct('first', { folder, databaseUrl: `file:${template}`, masterKey })
  await first.stop()
  const { warm: keys } = await makeKeys(readTagKey(template, masterKey), { warm: keyCount, cold: 0 })
  const file = join(folder, 'sqlite.db')
  seedDatabase(template, file, keys, keys.length)
  return { databaseUrl: `file:${file}`, keys }
}
