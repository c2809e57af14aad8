import type { Logger } from 'pino'
import type { CountedCaller } from './callers.ts'

const strangersMax = 1000

/** Logs each address once: whoever set the proxy up has to find out, and nobody may fill the disk. */
export function createReportStranger(log: Logger): (caller: CountedCaller) => void {
  const reported = new Set<string>()
  return function reportStranger({ address, bucket }) {
    if (reported.has(bucket) || reported.size >= strangersMax) return
    reported.add(bucket)
    log.warn({ address }, 'an address outside TRUSTED_PROXIES asked /auth/verify, and is refused')
  }
}
