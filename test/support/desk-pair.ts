import { createDesk, type Desk, deskSettings } from './desk.ts'
import { type KeydeskProcess, startKeydesk } from './keydesk-process.ts'

/** Two real processes on one database, with one master key. */
export interface DeskPair {
  readonly first: Desk
  readonly second: Desk
  readonly firstProcess: KeydeskProcess
  readonly secondProcess: KeydeskProcess
  close(): Promise<void>
}

/** Patient, as test gateways are: a busy machine is not what is tested. */
const patience = { DATABASE_CONNECT_TIMEOUT: '1500ms' }

export async function startDeskPair(settings: Record<string, string> = {}): Promise<DeskPair> {
  const chosen = { ...deskSettings, ...patience, ...settings }
  const firstProcess = await startKeydesk(chosen)
  const secondProcess = await startKeydesk(chosen, { beside: firstProcess })
  return {
    first: await createDesk(firstProcess),
    second: await createDesk(secondProcess),
    firstProcess,
    secondProcess,
    close: async () => {
      await secondProcess.close()
      await firstProcess.close()
    },
  }
}
