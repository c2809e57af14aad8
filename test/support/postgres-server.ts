import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isPortFree } from './dev-settings.ts'
import { openCluster, type PostgresCluster } from './postgres-cluster.ts'
import { type PostgresProcess, startPostgresProcess } from './postgres-process.ts'
import { installedPrograms, type PostgresVersion, serverUser } from './postgres-programs.ts'
import { ensureDatabase, ensureRole } from './postgres-roles.ts'

export interface PostgresServer {
  readonly version: PostgresVersion
  readonly port: number
  /** Of the superuser, to the database `postgres`. */
  readonly adminUrl: string
  /** The URL of the database of this name for the role `keydesk`, which owns it and is no superuser. Made where it is missing. */
  database(name: string): Promise<string>
  /** Starts it again after a stop, on the same data and port. */
  start(): Promise<void>
  /** `fast` ends all sessions in order; `immediate` is a crash, from which the next start recovers. */
  stop(how?: 'fast' | 'immediate'): Promise<void>
  restart(how?: 'fast' | 'immediate'): Promise<void>
  /** The end of all that it wrote. */
  log(): string
  /** Stops it and removes its folder, unless the folder was given. */
  close(): Promise<void>
}

export interface PostgresServerOptions {
  /** 18 where nothing is said. */
  readonly version?: PostgresVersion
  /** Kept, and used again by the next start. Without it, a temporary one. */
  readonly folder?: string
  /** Whether what was committed survives a power cut. A crash of the server loses nothing either way. */
  readonly durable?: boolean
  /** More of postgresql.conf; wins over ours. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Starts a real Postgres of npm's on a free port of 127.0.0.1. It says nothing unless it fails, and ends when this process
 * ends, in whatever way.
 * @throws Error with the server's own words
 */
export async function startPostgresServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const version = options.version ?? 18
  const folder = options.folder ?? makeTemporaryFolder(version, options.durable ?? false)
  const isTemporary = options.folder === undefined
  const settings = { ...ourSettings, ...(options.durable ? {} : carelessSettings), ...options.settings }
  let log = ''
  let present: PostgresProcess | undefined

  async function stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const stopping = present
    present = undefined
    await stopping?.stop(how)
  }

  async function close(): Promise<void> {
    await stop(isTemporary ? 'immediate' : 'fast')
    if (isTemporary) rmSync(folder, { recursive: true, force: true })
  }

  try {
    const cluster = await openCluster(version, folder, (text) => {
      log = (log + text).slice(-logLengthMax)
    })
    const start = async (wanted?: number) => {
      const started = await startOnPort(cluster, settings, isTemporary, wanted)
      present = started.process
      return started.port
    }
    const port = await start()
    const adminUrl = `postgres://postgres:${cluster.password}@127.0.0.1:${port}/postgres`
    await ensureRole(adminUrl)
    return {
      version,
      port,
      adminUrl,
      database: (name) => ensureDatabase(adminUrl, name),
      start: async () => void (await start(port)),
      stop,
      restart: async (how) => {
        await stop(how)
        await start(port)
      },
      log: () => log,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

const logLengthMax = 20_000
const startsMax = 10
const startPauseMs = 300

const ourSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Many gateways of many test files, each with a pool.
  max_connections: '300',
  shared_buffers: '32MB',
  max_wal_size: '64MB',
  min_wal_size: '32MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  // In the folder of the data, where nothing is left behind.
  dynamic_shared_memory_type: 'mmap',
  log_checkpoints: 'off',
  // Nobody's own zone, and no whole hours from UTC: what forgets about zones shows.
  timezone: 'Asia/Kathmandu',
}

/** By these something is lost only when the operating system goes down. */
const carelessSettings = { fsync: 'off', full_page_writes: 'off' }

/**
 * In memory where there is enough of it. Each database is some 300 files: where many were removed a moment ago, ext4 takes
 * ten times as long to make new ones, since it goes round their inodes for minutes.
 */
function makeTemporaryFolder(version: PostgresVersion, isDurable: boolean): string {
  // A copy of the programs would not do there: nothing may be run from memory on many machines.
  const mayBeInMemory = !isDurable && installedPrograms(version, serverUser()) !== null
  const parent = mayBeInMemory && freeBytes(memoryFolder) > memoryBytesMin ? memoryFolder : tmpdir()
  return mkdtempSync(join(parent, `keydesk-postgres-${version}-`))
}

const memoryFolder = '/dev/shm'
const memoryBytesMin = 2 ** 30

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return 0
  }
}

async function startOnPort(
  cluster: PostgresCluster,
  settings: Readonly<Record<string, string>>,
  isTemporary: boolean,
  wanted: number | undefined,
): Promise<{ process: PostgresProcess; port: number }> {
  for (let tries = 1; ; tries += 1) {
    const port = wanted ?? (await freeServerPort())
    try {
      const process = await startPostgresProcess(cluster, { ...settings, port: String(port) }, isTemporary)
      return { process, port }
    } catch (error) {
      // Somebody else took it in between, or still has it.
      const isTaken = error instanceof Error && error.message.includes('could not bind')
      if (!isTaken || tries === startsMax) throw error
      await pause(startPauseMs)
    }
  }
}

/**
 * A free port below those that systems give to outgoing connections. None of them can take it while the server is
 * stopped, and a client that tries to reconnect meanwhile cannot reach itself.
 */
async function freeServerPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + (randomBytes(2).readUInt16BE() % 15_000)
    if (await isPortFree(port, '127.0.0.1')) return port
  }
}
