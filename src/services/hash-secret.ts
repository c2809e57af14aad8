import argon2 from 'argon2'
import PQueue from 'p-queue'
import { KeydeskError } from '../domain/errors.ts'
import type { Metrics } from './metrics.ts'

export interface SecretHasher {
  /** The Argon2id hash of a key text, in PHC form. @throws KeydeskError `overloaded` */
  hash(text: string): Promise<string>
  /**
   * Whether `text` is what `hash` was made of, by the parameters that the hash itself names.
   * @throws KeydeskError `overloaded`
   */
  verify(hash: string, text: string): Promise<boolean>
}

/**
 * Argon2id (RFC 9106) with the configured cost, off the event loop. At most `concurrency` hashes at a time; others wait,
 * at most `waitingMax` of them and `waitSecondsMax` each, so that cold keys never take the machine from warm ones.
 */
export function createSecretHasher(options: {
  memoryKib: number
  timeCost: number
  parallelism: number
  concurrency: number
  waitingMax: number
  waitSecondsMax: number
  metrics: Metrics
}): SecretHasher {
  const { waitingMax, waitSecondsMax, metrics } = options
  const queue = new PQueue({ concurrency: options.concurrency })
  metrics.watchArgon2Queue(() => queue.size)
  const cost = {
    type: argon2.argon2id,
    memoryCost: options.memoryKib,
    timeCost: options.timeCost,
    parallelism: options.parallelism,
  } as const
  return {
    hash: (text) => inTurn(() => argon2.hash(text, cost)),
    verify: (hash, text) => inTurn(() => argon2.verify(hash, text)),
  }

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (queue.size >= waitingMax) throw overloaded()
    const waiting = new AbortController()
    const timer = setTimeout(() => waiting.abort(), waitSecondsMax * 1000)
    try {
      return await queue.add(
        () => {
          // Once it runs it is let run: giving up then would leave the thread busy all the same.
          clearTimeout(timer)
          return metrics.timeArgon2(work)
        },
        { signal: waiting.signal },
      )
    } catch (error) {
      if (waiting.signal.aborted) throw overloaded()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  function overloaded(): KeydeskError {
    return new KeydeskError('overloaded', {
      message:
        'More keys are waiting for their first check than can be hashed in time. Try again in a moment.',
      retryAfterSeconds: 2,
    })
  }
}
