import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Replica, Replicas } from '../support/replicas.ts'
import { createTimedClient, type TimedClient, type TimedReply } from '../support/timed-client.ts'
import type { ToldKey, ToldKeys } from './told-keys.ts'

type Work = 'mint' | 'revoke' | 'verify' | 'check' | 'warm'

/** An answer that came, or did not come, under load. */
export interface Seen extends TimedReply {
  readonly work: Work
  readonly replica: Replica
}

/** Clients of all replicas that mint, revoke and verify until they are stopped. */
export interface Load {
  /** How often each thing was answered how: `mint 201`, `check 401`, `verify none`. */
  count(work: Work, status: number | 'none'): number
  /** Everything that was answered since `since`, newest last. */
  seen(since?: number): readonly Seen[]
  /** Waits until it holds of the counts. */
  until(what: string, isEnough: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>
  /** From now on the targets are what is revoked first. */
  aim(): void
  /** From now until the answer is called, answers of this replica may be missing: somebody has killed it. */
  dead(replica: Replica): () => void
  /** The same for answers that are late: it sleeps. */
  asleep(replica: Replica): () => void
  stop(): Promise<void>
}

export interface LoadOptions {
  /** Keys that nobody revokes, and that every replica has verified before. */
  readonly warm?: readonly ToldKey[]
  /** Warm keys too, which nobody revokes until `aim` says so: what a replica that hears nothing would go on accepting. */
  readonly targets?: readonly ToldKey[]
  /** A replica through which nobody mints or revokes. */
  readonly readOnly?: Replica
}

const answerMsMax = 5000
const allowed: Record<Work, readonly number[]> = {
  mint: [201, 503],
  revoke: [204, 503],
  verify: [200, 401, 503],
  check: [401, 503],
  warm: [200, 503],
}
/** How many clients of each kind a replica has, and how long each rests after an answer. */
const clients: Record<Work, { readonly count: number; readonly restMs: number }> = {
  mint: { count: 2, restMs: 120 },
  revoke: { count: 2, restMs: 90 },
  verify: { count: 1, restMs: 60 },
  check: { count: 1, restMs: 20 },
  warm: { count: 1, restMs: 60 },
}
/** About so many keys stay, so that both kinds are there to be lost. */
const keptMin = 20

/** Starts the load. Whatever contradicts what was told, hangs, or is no answer of ours becomes a finding of `told`. */
export function startLoad(
  replicas: Replicas,
  told: ToldKeys,
  { warm = [], targets = [], readOnly }: LoadOptions = {},
): Load {
  const seen: Seen[] = []
  const counts = new Map<string, number>()
  const absences: { replica: Replica; what: 'dead' | 'asleep'; from: number; to: number }[] = []
  const open: TimedClient[] = []
  const revoked: ToldKey[] = told.all.filter(({ revokedAt }) => revokedAt < Number.POSITIVE_INFINITY)
  const good: ToldKey[] = told.all.filter(
    (key) => key.askedAt === Number.POSITIVE_INFINITY && !warm.includes(key) && !targets.includes(key),
  )
  const targetsLeft = [...targets]
  let isAiming = false
  /** A revocation was asked for, and nobody said that it was done: it is asked for again. */
  const unsure: ToldKey[] = []
  const admin = { authorization: `Bearer ${replicas.masterKey}` }
  let isOver = false

  const works: Record<Work, (replica: Replica, client: TimedClient) => Promise<void>> = {
    async mint(replica, client) {
      const json = { user_id: replica.desk.userId, name: 'chaos', scopes: ['a'] }
      const reply = await client.send('/admin/keys', { method: 'POST', headers: admin, json })
      note('mint', replica, reply)
      if (reply.status === 201) good.push(told.minted(reply.body.key_text))
    },
    async revoke(replica, client) {
      const target = isAiming ? targetsLeft.pop() : undefined
      const key = target ?? unsure.pop() ?? takeGood()
      if (key === undefined) return
      key.askedAt = Math.min(key.askedAt, performance.now())
      const reply = await client.send(`/admin/keys/${key.id}`, { method: 'DELETE', headers: admin })
      note('revoke', replica, reply)
      if (reply.status !== 204) {
        unsure.unshift(key)
        return
      }
      key.revokedAt = reply.answeredAt
      revoked.push(key)
      // The first request that each of them gets after the acknowledgement.
      await Promise.all(replicas.all.map((one, index) => verify('check', key, one, open[index] ?? client)))
    },
    async verify(replica, client) {
      const some = targetsLeft.length > 0 && Math.random() < 0.5 ? targetsLeft : good
      const key = some[randomIndex(some.length)]
      if (key !== undefined) await verify('verify', key, replica, client)
    },
    async check(replica, client) {
      // Mostly those that were revoked last.
      const from = Math.random() < 0.7 ? Math.max(0, revoked.length - 10) : 0
      const key = revoked[from + randomIndex(revoked.length - from)]
      if (key !== undefined) await verify('check', key, replica, client)
    },
    async warm(replica, client) {
      const key = warm[randomIndex(warm.length)]
      if (key !== undefined) await verify('warm', key, replica, client)
    },
  }

  function takeGood(): ToldKey | undefined {
    return good.length > keptMin ? good.splice(randomIndex(good.length), 1)[0] : undefined
  }

  async function verify(work: Work, key: ToldKey, replica: Replica, client: TimedClient): Promise<void> {
    const reply = await client.send('/v1/validate', { headers: { 'x-api-key': key.text } })
    note(work, replica, reply)
    told.judge(key, reply, replica.name)
  }

  function note(work: Work, replica: Replica, reply: TimedReply): void {
    const { status, failure, body, sentAt, answeredAt } = reply
    seen.push({ ...reply, work, replica })
    const name = `${work} ${status ?? 'none'}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
    const met = absences.filter(
      (one) => one.replica === replica && one.from <= answeredAt && one.to >= sentAt,
    )
    if (status === null) {
      if (!met.some(({ what }) => what === 'dead'))
        told.find(`${replica.name} gave no answer to ${work}: ${failure}`)
      return
    }
    if (!allowed[work].includes(status))
      told.find(`${replica.name} answered ${work} with ${status} ${JSON.stringify(body)}`)
    const sleptMs = met.reduce(
      (sum, { from, to }) => sum + Math.min(to, answeredAt) - Math.max(from, sentAt),
      0,
    )
    if (answeredAt - sentAt - sleptMs > answerMsMax)
      told.find(`${replica.name} took ${Math.round(answeredAt - sentAt)} ms for ${work}`)
  }

  async function repeat(work: Work, replica: Replica, client: TimedClient): Promise<void> {
    while (!isOver) {
      await works[work](replica, client)
      await pause(clients[work].restMs)
    }
  }

  const running = replicas.all.flatMap((replica) => {
    const client = createTimedClient(replica.gateway.port)
    open.push(client)
    const works = (Object.keys(clients) as Work[]).filter(
      (work) => replica !== readOnly || (work !== 'mint' && work !== 'revoke'),
    )
    return works.flatMap((work) =>
      Array.from({ length: clients[work].count }, () => repeat(work, replica, client)),
    )
  })

  function away(replica: Replica, what: 'dead' | 'asleep'): () => void {
    const absence = { replica, what, from: performance.now(), to: Number.POSITIVE_INFINITY }
    absences.push(absence)
    return () => {
      absence.to = performance.now()
    }
  }

  return {
    count: (work, status) => counts.get(`${work} ${status}`) ?? 0,
    seen: (since = 0) => seen.filter(({ sentAt }) => sentAt >= since),
    until: async (what, isEnough, withinMs = 20_000) => {
      await expect.poll(isEnough, { message: what, timeout: withinMs, interval: 5 }).toBe(true)
    },
    aim: () => {
      isAiming = true
    },
    dead: (replica) => away(replica, 'dead'),
    asleep: (replica) => away(replica, 'asleep'),
    async stop() {
      isOver = true
      await Promise.all(running)
      for (const client of open) client.close()
    },
  }
}

const randomIndex = (length: number) => Math.floor(Math.random() * length)
