import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { readMemory } from '../processes.ts'
import { startProduct } from '../servers.ts'

/** Resident memory of a process that has just started on an empty database and has answered nothing, in MiB. */
export async function measureFreshStarts(
  folder: string,
  masterKey: string,
  rounds: number,
): Promise<{ residentMib: number; startSeconds: number }[]> {
  const starts: { residentMib: number; startSeconds: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const databaseUrl = `file:${join(folder, `fresh-${round}.db`)}`
    const server = await startProduct('fresh', { folder, databaseUrl, masterKey })
    await after(500)
    starts.push({ residentMib: readMemory(server.pid).residentMib, startSeconds: server.startSeconds })
    await server.stop()
  }
  return starts
}
