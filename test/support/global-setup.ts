import { execFile } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { makeMigratedDatabase } from './migrated-database.ts'
import { startPostgresServer } from './postgres-server.ts'
import { copyProject } from './project-copy.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for what the whole run shares: `/postgres-18`, `/postgres-14`, `/compiled-main`. */
    sharedDoor: string
  }
}

/** What a test asks for, and how the run ends it. */
interface Shared {
  readonly answer: string
  end(): unknown
}

const makers: Readonly<Record<string, () => Promise<Shared>>> = {
  '/postgres-18': () => startPostgres(18),
  '/postgres-14': () => startPostgres(14),
  '/compiled-main': compileMain,
}

/**
 * Vitest's global setup: what is made once for the whole run, when the first test file asks for it, so that a run of a few
 * tests of pure rules does not wait for any.
 */
export default async function prepareShared(project: TestProject): Promise<() => Promise<void>> {
  const made = new Map<string, Promise<Shared>>()
  const door = createServer(async ({ url = '' }, response) => {
    // A kept connection could be closed here at the moment when a test that was busy for long asks again.
    response.setHeader('Connection', 'close')
    const make = makers[url]
    if (make === undefined) return void response.writeHead(404).end()
    const making = made.get(url) ?? make()
    made.set(url, making)
    try {
      response.end((await making).answer)
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error))
    }
  })
  await new Promise<void>((listening) => door.listen(0, '127.0.0.1', listening))
  project.provide('sharedDoor', `http://127.0.0.1:${(door.address() as AddressInfo).port}`)
  return async () => {
    door.closeAllConnections()
    door.close()
    for (const shared of await Promise.allSettled(made.values()))
      if (shared.status === 'fulfilled') await shared.value.end()
  }
}

async function startPostgres(version: 18 | 14): Promise<Shared> {
  const server = await startPostgresServer({ version })
  await makeMigratedDatabase(server.adminUrl)
  return { answer: server.adminUrl, end: () => server.close() }
}

/** What `npm start` runs. A process that compiles the sources as it starts takes twice as long. */
async function compileMain(): Promise<Shared> {
  const project = copyProject()
  // Some tests start it as somebody else.
  chmodSync(project.folder, 0o755)
  await promisify(execFile)('npm', ['run', 'build'], { cwd: project.folder })
  return { answer: join(project.folder, 'dist/src/main.js'), end: () => project.remove() }
}
