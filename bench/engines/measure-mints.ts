import { createTimedClient, type TimedClient } from '../../test/support/timed-client.ts'
import type { EngineSettings } from './settings.ts'
import { type Engine, type EngineName, engineNames } from './stage.ts'

export interface Mints {
  /** Each of those that were made one at a time. */
  readonly tookMs: readonly number[]
  /** With several at a time, which on Postgres stand in one line. */
  readonly perSecond: number
}

/** Mints: one list of statements each, with the audit row, on the disk when it is answered. */
export async function measureMints(
  engines: Readonly<Record<EngineName, Engine>>,
  settings: EngineSettings,
): Promise<Record<EngineName, Mints[]>> {
  const rounds: Record<EngineName, Mints[]> = { sqlite: [], postgres: [] }
  // The first round is not counted: until everything is compiled and connected.
  for (let round = 0; round <= settings.warm.rounds; round += 1) {
    for (const name of engineNames) {
      const mints = await mintRound(engines[name], settings)
      if (round > 0) rounds[name].push(mints)
    }
  }
  return rounds
}

async function mintRound({ server, masterKey }: Engine, settings: EngineSettings): Promise<Mints> {
  const client = createTimedClient(server.port)
  const tookMs: number[] = []
  for (let count = 0; count < settings.mintsPerRound; count += 1) tookMs.push(await mint(client, masterKey))

  const begunAt = performance.now()
  let left = settings.mintsPerRound
  const worker = async () => {
    while (left > 0) {
      left -= 1
      await mint(client, masterKey)
    }
  }
  await Promise.all(Array.from({ length: settings.mintsAtOnce }, worker))
  const perSecond = (settings.mintsPerRound * 1000) / (performance.now() - begunAt)
  client.close()
  return { tookMs, perSecond }
}

async function mint(client: TimedClient, masterKey: string): Promise<number> {
  const { status, failure, sentAt, answeredAt } = await client.send('/admin/keys', {
    method: 'POST',
    headers: { authorization: `Bearer ${masterKey}` },
    json: { user_id: 'usr_bench', name: 'orders in CI', scopes: ['orders:read'] },
  })
  if (status !== 201) throw new Error(`a mint was answered with ${status} ${failure}`)
  return answeredAt - sentAt
}
