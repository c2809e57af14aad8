import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { type PostgresServer, startPostgresServer } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for the admin URL of a server: `/18`, `/14`. */
    postgresDoor: string
  }
}

const versions = [18, 14] as const

/**
 * Vitest's global setup: one server of each version for the whole run, started when the first test file asks for it, so
 * that a run of a few tests of pure rules does not wait for any.
 */
export default async function preparePostgres(project: TestProject): Promise<() => Promise<void>> {
  const servers = new Map<number, Promise<PostgresServer>>()
  const door = createServer(async (request, response) => {
    const version = versions.find((one) => request.url === `/${one}`)
    if (version === undefined) return void response.writeHead(404).end()
    const server = servers.get(version) ?? startPostgresServer({ version })
    servers.set(version, server)
    try {
      response.end((await server).adminUrl)
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error))
    }
  })
  await new Promise<void>((listening) => door.listen(0, '127.0.0.1', listening))
  project.provide('postgresDoor', `http://127.0.0.1:${(door.address() as AddressInfo).port}`)
  return async () => {
    door.closeAllConnections()
    door.close()
    const started = await Promise.allSettled(servers.values())
    for (const server of started) if (server.status === 'fulfilled') await server.value.close()
  }
}
