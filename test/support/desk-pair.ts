import { createDesk, type Desk, deskSettings } from './desk.ts'
import { type KeydeskProcess, startKeydesk } from './keydesk-process.ts'

/** Two real processes on one SQLite file, with one master key. */
export interface DeskPair {
  readonly first: Desk
  readonly second: Desk
  readonly firstProcess: KeydeskProcess
  readonly secondProcess: KeydeskProcess
  close(): Promise<void>
}

export async function startDeskPair(settings: Record<string, string> = {}): Promise<DeskPair> {
  const firstProcess = await startKeydesk({ ...deskSettings, ...settings })
  const shared = {
    PROXY_MASTER_KEY: firstProcess.masterKey,
    DATABASE_URL: `file:${firstProcess.databaseFile}`,
  }
  const started = await startKeydesk({ ...deskSettings, ...settings, ...shared })
  // What the helper made for it is not what it was started with.
  const secondProcess: KeydeskProcess = {
    ...started,
    masterKey: firstProcess.masterKey,
    databaseFile: firstProcess.databaseFile,
    asAdmin: (path, init = {}) => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${firstProcess.masterKey}`)
      return started.fetch(path, { ...init, headers })
    },
  }
  return {
    first: createDesk(firstProcess),
    second: createDesk(secondProcess),
    firstProcess,
    secondProcess,
    close: async () => {
      await started.close()
      await firstProcess.close()
    },
  }
}
