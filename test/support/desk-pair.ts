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

export async function startDeskPair(settings: Record<string, string> = {}): Promise<DeskPair> {
  const firstProcess = await startKeydesk({ ...deskSettings, ...settings })
  const secondProcess = await startKeydesk({ ...deskSettings, ...settings }, { beside: firstProcess })
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
