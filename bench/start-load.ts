import { createInterface } from 'node:readline'
import type { LoadPlan, LoadResult } from './load/plan.ts'
import { startNode, typescript } from './processes.ts'

export interface RunningLoad {
  /** The lead-in is over. */
  readonly underway: Promise<void>
  readonly result: Promise<LoadResult>
  /** Ends a load that has no end of its own. */
  stop(): void
}

/**
 * Starts a generator process.
 * @param expected the statuses that may come; any other fails the bench, since then something else was measured.
 */
export function startLoad(plan: LoadPlan, expected: readonly number[]): RunningLoad {
  const run = startNode([...typescript, `${import.meta.dirname}/load.ts`, JSON.stringify(plan)], {
    piped: true,
  })
  const { stdin, stdout } = run.child
  if (stdin === null || stdout === null) throw new Error('the load generator has no pipes')
  // It may be gone already when it is told to stop.
  stdin.on('error', () => {})
  const lines: string[] = []
  const underway = new Promise<void>((begun) => {
    createInterface({ input: stdout }).on('line', (line) => {
      lines.push(line)
      begun()
    })
    run.ended.then(() => begun())
  })
  const result = run.ended.then((code) => {
    if (code !== 0) throw new Error(`a load generator failed:\n${run.complaints()}`)
    return checked(JSON.parse(lines.at(-1) ?? '') as LoadResult, expected)
  })
  // Whoever waits for it learns of its failure; until then it must not end the process.
  result.catch(() => {})
  return { underway, result, stop: () => void stdin.end() }
}

export function runLoad(plan: LoadPlan, expected: readonly number[]): Promise<LoadResult> {
  return startLoad(plan, expected).result
}

function checked(result: LoadResult, expected: readonly number[]): LoadResult {
  const unexpected = Object.keys(result.statuses).filter((status) => !expected.includes(Number(status)))
  if (unexpected.length > 0) {
    throw new Error(`expected only ${expected.join(', ')}, and got ${JSON.stringify(result.statuses)}`)
  }
  return result
}
