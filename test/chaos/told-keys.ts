import type { TimedReply } from '../support/timed-client.ts'

/** What clients were told of a key, and when, in milliseconds of this process's clock. Infinity is "not yet". */
export interface ToldKey {
  readonly text: string
  readonly id: string
  /** When somebody first asked for its revocation: from then on both answers are right. */
  askedAt: number
  /** When a revocation was acknowledged. Nothing that is sent after that may pass. */
  revokedAt: number
}

/** Everything that was acknowledged, and whatever contradicts it. */
export interface ToldKeys {
  readonly all: readonly ToldKey[]
  /** What must never happen, in words. */
  readonly findings: readonly string[]
  minted(text: string): ToldKey
  /** Holds an answer to a verification against what was told. */
  judge(key: ToldKey, reply: TimedReply, where: string): void
  find(what: string): void
}

const findingsMax = 20

export function createToldKeys(): ToldKeys {
  const all: ToldKey[] = []
  const findings: string[] = []
  const find = (what: string) => {
    if (findings.length < findingsMax) findings.push(what)
  }
  return {
    all,
    findings,
    find,
    minted(text) {
      const key = {
        text,
        id: text.split('_')[1] ?? '',
        askedAt: Number.POSITIVE_INFINITY,
        revokedAt: Number.POSITIVE_INFINITY,
      }
      all.push(key)
      return key
    },
    judge(key, { status, code, sentAt, answeredAt }, where) {
      if (status === 200 && sentAt > key.revokedAt)
        find(
          `${where} accepted ${key.id}, ${late(sentAt - key.revokedAt)} after its revocation was acknowledged`,
        )
      if (status !== 401) return
      if (code !== 'revoked_key') find(`${where} said ${code} of ${key.id}`)
      else if (answeredAt < key.askedAt)
        find(`${where} said ${key.id} was revoked, and nobody had asked for it`)
    },
  }
}

const late = (ms: number) => `${ms.toFixed(1)} ms`
