import { setTimeout as after } from 'node:timers/promises'
import type { LatencySummary } from '../load/plan.ts'
import { startLoad } from '../start-load.ts'
import { type Credential, jwtFor } from './credentials.ts'
import type { ProxySettings } from './settings.ts'

/** One of what is asked at a fixed rate. */
export interface RateContestant<Name extends string> {
  readonly name: Name
  readonly port: number
  readonly file: string
}

export interface RateRound {
  readonly latencyMs: LatencySummary
  readonly sendLagMs: LatencySummary | null
}

/** Each in turn at the fixed rate, round after round. The answer is by name, a value for each round. */
export async function measureAtRate<Name extends string>(
  contestants: readonly RateContestant<Name>[],
  { load, latencyRounds }: ProxySettings,
  say: (line: string) => void,
): Promise<Record<Name, RateRound[]>> {
  const rounds = Object.fromEntries(contestants.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    RateRound[]
  >
  const { connections, leadInSeconds, latencySeconds: seconds, latencyPerSecond: perSecond } = load
  const run = ({ port, file }: RateContestant<Name>) => {
    const pace = { kind: 'rate', perSecond, seconds, leadInSeconds } as const
    return startLoad({ port, connections, keys: { from: 'requests', file }, pace }, [200]).result
  }
  for (const contestant of contestants) await run(contestant)
  for (let round = 1; round <= latencyRounds; round += 1) {
    for (const contestant of contestants) {
      const { latencyMs, sendLagMs } = await run(contestant)
      rounds[contestant.name].push({ latencyMs, sendLagMs })
      say(`  round ${round}: ${contestant.name} p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`)
    }
  }
  return rounds
}

export interface Signatures {
  readonly seconds: number
  /** Of each watched key: when its JWTs were signed, in seconds since 1970. */
  readonly signedAt: readonly (readonly number[])[]
}

/** Looks which JWT a few keys get, again and again, until the answer is called. */
export function watchSignatures(
  port: number,
  keys: readonly Credential[],
  lookMs: number,
): () => Promise<Signatures> {
  const begunAt = performance.now()
  const seen = keys.map(() => new Set<string>())
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      for (const [n, key] of keys.entries()) seen[n]?.add(await jwtFor(port, key))
      await after(lookMs)
    }
  })()
  // Whoever asks for the answer learns of a failure; until then it must not end the process.
  watching.catch(() => {})
  return async () => {
    isOver = true
    await watching
    const signedAt = seen.map((jwts) => [...jwts].map(issuedAt).sort((one, other) => one - other))
    return { seconds: (performance.now() - begunAt) / 1000, signedAt }
  }
}

function issuedAt(jwt: string): number {
  const { iat } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'))
  return iat
}

/** The most signatures that any key has cost within any minute. `iat` is in whole seconds, and so is the minute. */
export function signaturesPerMinute({ signedAt }: Signatures): number {
  const counts = signedAt.flatMap((times) =>
    times.map((begin) => times.filter((time) => time >= begin && time < begin + 59).length),
  )
  return Math.max(...counts)
}
