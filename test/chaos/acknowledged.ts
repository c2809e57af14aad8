import { expect } from 'vitest'
import type { Replica, Replicas } from '../support/replicas.ts'
import { createTimedClient } from '../support/timed-client.ts'
import type { ToldKey, ToldKeys } from './told-keys.ts'

const atOnce = 10
/** A replica may be reading its database anew. Being asked again is no finding; another answer is. */
const triesMax = 50

/**
 * Holds that every acknowledged change is there, at every replica, that all of them say the same of what was not
 * acknowledged, that nothing was found under load, and that the database holds nothing by halves.
 */
export async function expectAcknowledged(
  replicas: Replicas,
  told: ToldKeys,
  keys: readonly ToldKey[] = told.all,
): Promise<void> {
  const codes = await Promise.all(replicas.all.map((replica) => codesAt(replica, keys)))
  for (const [index, key] of keys.entries()) {
    const said = codes.map((one) => one[index])
    const right =
      key.revokedAt < Number.POSITIVE_INFINITY
        ? ['revoked_key']
        : key.askedAt < Number.POSITIVE_INFINITY
          ? ['revoked_key', 'valid']
          : ['valid']
    if (new Set(said).size !== 1 || !right.includes(said[0] ?? ''))
      told.find(`in the end ${key.id} is ${said.join(', ')}; right is ${right.join(' or ')}`)
  }
  expect(told.findings).toEqual([])
  expect(await halves(replicas)).toEqual({})
}

async function codesAt(replica: Replica, keys: readonly ToldKey[]): Promise<string[]> {
  const client = createTimedClient(replica.gateway.port)
  const codes: string[] = []
  let next = 0
  const worker = async () => {
    while (next < keys.length) {
      const index = next
      next += 1
      codes[index] = await codeOf(keys[index]?.text ?? '')
    }
  }
  const codeOf = async (key: string) => {
    for (let tries = 1; ; tries += 1) {
      const { status, code, failure } = await client.send('/v1/validate', { headers: { 'x-api-key': key } })
      if (status === 200) return 'valid'
      if (status !== 503 || tries === triesMax) return code || failure
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  client.close()
  return codes
}

const eventOf = (action: string) =>
  `SELECT 1 FROM audit_events WHERE action = '${action}' AND target = 'key:' || api_keys.id`
const isOfKey = "SELECT 1 FROM api_keys WHERE 'key:' || api_keys.id = audit_events.target"
const questions = {
  'a key without its audit row': `SELECT id FROM api_keys WHERE NOT EXISTS (${eventOf('key.minted')})`,
  'a revocation without its audit row': `SELECT id FROM api_keys WHERE revoked_at IS NOT NULL AND NOT EXISTS (${eventOf('key.revoked')})`,
  'an audit row of a revocation that is not': `SELECT id FROM api_keys WHERE revoked_at IS NULL AND EXISTS (${eventOf('key.revoked')})`,
  'an audit row of no key': `SELECT target FROM audit_events WHERE action LIKE 'key.%' AND NOT EXISTS (${isOfKey})`,
  'a key with two rows for one event': `SELECT target FROM audit_events WHERE action LIKE 'key.%' GROUP BY action, target HAVING count(*) > 1`,
  // Every list takes one number, and writes down what it changed under it.
  'an epoch without its changes': `SELECT gap FROM
    (SELECT epoch + 1 AS gap, lead(epoch) OVER (ORDER BY epoch) AS next FROM changes) AS pairs
    WHERE next > gap AND gap > ?`,
}

/** What stands in the database by halves. */
async function halves({ database, firstEpoch }: Replicas): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {}
  for (const [what, select] of Object.entries(questions)) {
    const rows = await database.rows(select, ...(select.includes('?') ? [firstEpoch] : []))
    if (rows.length > 0) found[what] = rows
  }
  return found
}
