import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idOf } from '../support/desk.ts'
import { type GatewaysOnPostgres, startGatewaysOnPostgres } from '../support/gateways-on-postgres.ts'
import { json } from '../support/json.ts'
import { describeBehindPgBouncer, type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts'

/** How far the change feed may lag: with notifications a moment, with the poll alone a second and a look. */
const ways = [
  { name: 'with DATABASE_LISTEN_URL past it', listens: true, confirmMsMax: 800 },
  { name: 'without DATABASE_LISTEN_URL', listens: false, confirmMsMax: 1500 },
]

describeBehindPgBouncer('behind PgBouncer in transaction mode', () => {
  describe.each(ways)('$name', ({ listens, confirmMsMax }) => {
    let pooler: PgBouncer
    let replicas: GatewaysOnPostgres
    beforeAll(async () => {
      replicas = await startGatewaysOnPostgres(2, async (_, databaseUrl) => {
        pooler ??= await startPgBouncer(databaseUrl)
        const past: Record<string, string> = listens ? { DATABASE_LISTEN_URL: databaseUrl } : {}
        return { DATABASE_URL: pooler.through(databaseUrl), ...past }
      })
    })
    afterAll(async () => {
      await replicas?.close()
      await pooler?.close()
    })

    test('two replicas mint, verify and revoke at the same time, each acting on what the other did', async () => {
      await Promise.all(
        replicas.desks.map(async (desk, index) => {
          const other = replicas.desks[1 - index]!
          const work = async () => {
            for (let time = 0; time < 2; time += 1) {
              const key = await desk.mint({ rate_limit: { limit: 100, window_seconds: 60 } })
              expect(await other.codeFor(key)).toBe('valid')
              expect(await desk.codeFor(key)).toBe('valid')
              expect((await desk.revoke(key)).status).toBe(204)
              expect(await other.codeFor(key)).toBe('revoked_key')
              expect(await desk.codeFor(key)).toBe('revoked_key')
            }
          }
          await Promise.all(Array.from({ length: 8 }, work))
        }),
      )
    })

    test('a revocation is confirmed by both in time', async () => {
      for (let time = 0; time < 5; time += 1) {
        const [desk, other] = time % 2 === 0 ? replicas.desks : [...replicas.desks].reverse()
        const key = await desk!.mint()
        expect(await other!.codeFor(key)).toBe('valid')
        const path = `/admin/keys/${idOf(key)}?receipt=true`
        const receipt = await json(await desk!.gateway.asAdmin(path, { method: 'DELETE' }))
        expect(await other!.codeFor(key)).toBe('revoked_key')
        expect(receipt.replicas).toHaveLength(2)
        for (const { confirmed, ms } of receipt.replicas) {
          expect(confirmed).toBe(true)
          expect(ms).toBeLessThan(confirmMsMax)
        }
      }
    })

    test('the gauge says whether changes are heard as they happen', async () => {
      for (const desk of replicas.desks)
        await expect
          .poll(() => desk.metric('keydesk_feed_listening'), { timeout: 10_000 })
          .toBe(Number(listens))
    })

    test('it finds nothing to complain of', () => {
      // Without a way past it, it says at each change that it has nobody to hand the notification to.
      expect(pooler.log()).not.toMatch(listens ? /ERROR|WARNING/ : /ERROR/)
      for (const { log } of replicas.gateways)
        expect(log.filter((line) => /"level":[56]0/.test(line))).toEqual([])
    })
  })
})
