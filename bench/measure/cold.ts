import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMemory, startNode, typescript } from '../processes.ts'
import { type HashCost, type SeedKey, writeKeyFile } from '../seed.ts'
import { imageEnvironment, type Server } from '../servers.ts'
import type { BenchSettings } from '../settings.ts'
import { runLoad } from '../start-load.ts'

export interface BareRate {
  readonly perSecond: number
  readonly msPerHash: number
}

export interface ColdRound {
  readonly product: { readonly perSecond: number; readonly residentMib: number; readonly highestMib: number }
  /** With the allocator as the image sets it. */
  readonly bare: BareRate
  /** With glibc's own defaults, which keep the buffers. */
  readonly bareDefaultMalloc: BareRate
}

/** Verifications of keys that the product has not seen before, and the same hashes with nothing around them. */
export async function measureCold(
  server: Server,
  folder: string,
  keys: readonly SeedKey[],
  cost: HashCost,
  settings: BenchSettings,
  say: (line: string) => void,
): Promise<ColdRound[]> {
  const rounds: ColdRound[] = []
  const perRound = Math.min(settings.coldPerRound, Math.floor(keys.length / settings.rounds))
  for (let round = 0; round < settings.rounds; round += 1) {
    const fresh = keys.slice(round * perRound, (round + 1) * perRound)
    const { perSecond } = await runLoad(
      {
        port: server.port,
        connections: settings.coldConnections,
        keys: { from: 'file', file: writeKeyFile(folder, `cold-${round}`, fresh), order: 'in turn' },
        pace: { kind: 'once' },
      },
      [200],
    )
    const product = { perSecond, ...readMemory(server.pid) }
    const bare = await runBare(folder, fresh, cost.concurrency, imageEnvironment)
    const bareDefaultMalloc = await runBare(folder, fresh.slice(0, fresh.length / 2), cost.concurrency, {})
    rounds.push({ product, bare, bareDefaultMalloc })
    say(`  round ${round + 1}: ${perSecond.toFixed(1)}/s, bare Argon2id ${bare.perSecond.toFixed(1)}/s`)
  }
  return rounds
}

async function runBare(
  folder: string,
  keys: readonly SeedKey[],
  concurrency: number,
  environment: Readonly<Record<string, string>>,
): Promise<BareRate> {
  const file = join(folder, 'bare.json')
  writeFileSync(file, JSON.stringify(keys.map(({ hashes, text }) => [hashes[0], text])), { mode: 0o600 })
  const program = join(import.meta.dirname, '../bare-argon2.ts')
  const run = startNode([...typescript, program, file, String(concurrency)], { environment, piped: true })
  let output = ''
  run.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  if ((await run.ended) !== 0) throw new Error(`bare Argon2id failed:\n${run.complaints()}`)
  return JSON.parse(output) as BareRate
}
