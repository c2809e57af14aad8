import { keyTextOn } from '../support/browser-like.ts'
import type { Replica, Replicas } from '../support/replicas.ts'
import { beginSignInAt } from '../support/sign-in-across.ts'
import { createTimedClient, type TimedReply } from '../support/timed-client.ts'
import type { ToldKeys } from './told-keys.ts'

const emails = ['alice@example.com', 'ada@example.com']

/** Signs people in up to the last step. Each of the answers takes that step, and has the key of it told. */
export async function beginSignIns(
  { standIn }: Replicas,
  { gateway }: Replica,
  told: ToldKeys,
  count: number,
): Promise<(() => Promise<TimedReply>)[]> {
  const begun: (() => Promise<TimedReply>)[] = []
  for (let index = 0; index < count; index += 1) {
    const browser = await beginSignInAt(gateway, standIn, emails[index % emails.length] ?? '')
    begun.push(async () => {
      const sentAt = performance.now()
      const response = await browser.at(gateway)
      const body = await response.text()
      const key = keyTextOn(body)
      if (key !== null) told.minted(key)
      return { sentAt, answeredAt: performance.now(), status: response.status, failure: '', body, code: '' }
    })
  }
  return begun
}

/** Mints at once. */
export function mintAtOnce(
  { masterKey }: Replicas,
  { gateway, desk }: Replica,
  told: ToldKeys,
  count: number,
): Promise<TimedReply>[] {
  const client = createTimedClient(gateway.port)
  const headers = { authorization: `Bearer ${masterKey}` }
  const json = { user_id: desk.userId, name: 'many' }
  const sent = Array.from({ length: count }, async () => {
    const reply = await client.send('/admin/keys', { method: 'POST', headers, json })
    if (reply.status === 201) told.minted(reply.body.key_text)
    return reply
  })
  void Promise.all(sent).then(() => client.close())
  return sent
}

/** How many milliseconds the slowest took. */
export function slowestMs(answers: readonly TimedReply[]): number {
  return Math.max(...answers.map(({ sentAt, answeredAt }) => Math.round(answeredAt - sentAt)))
}
