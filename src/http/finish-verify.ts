import type { Logger } from 'pino'
import type { ProxyName } from '../domain/forwarded-request.ts'
import type { Metrics } from '../services/metrics.ts'
import type { CountedCaller } from './callers.ts'
import { createRefusalLog } from './refusal-log.ts'

/** What is known of a call by the time that it is answered. */
export interface AnsweredCall {
  readonly proxy: ProxyName
  readonly method: string
  readonly requestId: string
  readonly begunAt: number
  readonly caller: CountedCaller | null
  /** Of a key whose secret was proven. */
  readonly keyId: string | null
  /** One word of ours for a refusal, where its code does not say enough. */
  readonly why: string | null
}

/** Counts the answers to proxies, times them, and writes down those that are worth a line. */
export function createFinishVerify(dependencies: {
  readonly metrics: Metrics
  readonly log: Logger
  readonly now: () => Date
}) {
  const { metrics, log } = dependencies
  const countRefusal = createRefusalLog(dependencies.now)

  return function finishVerify(response: Response, asked: AnsweredCall): Response {
    const milliseconds = performance.now() - asked.begunAt
    const { status } = response
    const route = `/auth/verify/${asked.proxy}`
    metrics.observeRequest(route, status, milliseconds)
    // Who may not ask at all is reported once.
    if (asked.caller?.viaTrustedProxy === false) return response
    // A pass, or the way to the sign-in, is a line only for who debugs: there are thousands of them.
    const level = status < 400 ? 'debug' : 'info'
    if (!log.isLevelEnabled(level)) return response
    const bucket = asked.caller?.bucket ?? 'unknown'
    const code = status < 400 ? undefined : (response.headers.get('x-auth-error') ?? undefined)
    // Who is known and shut out has the request id on a page: it has to be found. Strangers are counted.
    const count = status >= 400 && status < 500 && asked.why === null ? countRefusal(bucket) : undefined
    if (count === null) return response
    const { requestId, method, caller, keyId } = asked
    const why = asked.why ?? undefined
    const ms = Math.round(milliseconds * 10) / 10
    const known = { address: caller?.address, key_id: keyId ?? undefined, refusals: count }
    log[level]({ request_id: requestId, method, route, status, code, why, ms, ...known }, 'request')
    return response
  }
}
