import { readMemory } from '../processes.ts'
import { type Distribution, distribution } from '../statistics.ts'
import type { Call } from './calls.ts'
import type { ListSettings } from './settings.ts'
import type { ListStage } from './stage.ts'

export interface MeasuredCall extends Call {
  readonly ms: Distribution
  readonly bytes: number
}

export interface MeasuredExport {
  readonly lines: number
  readonly seconds: number
  /** At its highest while the first lines came, and while the rest did. */
  readonly settledMib: number
  readonly highestMib: number
  /** At its highest in each stretch of so many lines as it takes to settle. */
  readonly stretchesMib: readonly number[]
}

/** One call after another, each read to its end. @throws where one is not answered as it should be */
export async function measureCalls(
  { server, masterKey, cookie }: ListStage,
  calls: readonly Call[],
  times: number,
): Promise<MeasuredCall[]> {
  const measured: MeasuredCall[] = []
  for (const call of calls) {
    const headers: Record<string, string> = call.path.startsWith('/admin/')
      ? { authorization: `Bearer ${masterKey}` }
      : { cookie }
    const samples: number[] = []
    let bytes = 0
    for (let time = 0; time <= times; time += 1) {
      const begunAt = performance.now()
      const response = await fetch(`http://127.0.0.1:${server.port}${call.path}`, {
        headers,
        redirect: 'manual',
      })
      const text = await response.text()
      // The first one compiles what the rest use.
      if (time > 0) samples.push(performance.now() - begunAt)
      if (response.status !== 200)
        throw new Error(`${call.path} answered ${response.status}: ${text.slice(0, 300)}`)
      bytes = text.length
    }
    measured.push({ ...call, ms: distribution(samples), bytes })
  }
  return measured
}

/** The whole audit trail as lines, and how much memory the server has meanwhile. */
export async function measureExport(
  { server, masterKey }: ListStage,
  { settledLines }: ListSettings,
): Promise<MeasuredExport> {
  const begunAt = performance.now()
  const response = await fetch(`http://127.0.0.1:${server.port}/admin/audit/export`, {
    headers: { authorization: `Bearer ${masterKey}` },
  })
  if (response.status !== 200 || response.body === null)
    throw new Error(`the export answered ${response.status}`)
  let lines = 0
  const stretchesMib: number[] = []
  for await (const chunk of response.body) {
    for (const byte of chunk) if (byte === 10) lines += 1
    const { residentMib } = readMemory(server.pid)
    const stretch = Math.floor(lines / settledLines)
    stretchesMib[stretch] = Math.max(stretchesMib[stretch] ?? 0, residentMib)
  }
  return {
    lines,
    seconds: (performance.now() - begunAt) / 1000,
    settledMib: stretchesMib[0] ?? 0,
    highestMib: Math.max(...stretchesMib),
    stretchesMib,
  }
}
