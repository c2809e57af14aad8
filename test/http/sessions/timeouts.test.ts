import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, startAttackedGateway } from '../../support/attack.ts'
import { json } from '../../support/json.ts'
import { sealNow } from '../../support/seal-now.ts'
import { signInWrongForSession, stateAt } from '../../support/signed-in.ts'

const second = 1000
const hour = 3600 * second

describe('the time of a session', () => {
  let context: Attacked
  /** Null: the real time, by which the issuer goes too. */
  let clock: number | null = null
  beforeAll(async () => {
    context = await startAttackedGateway(
      { SESSION_IDLE: '1h', SESSION_MAX: '5h' },
      { now: () => new Date(clock ?? Date.now()) },
    )
  })
  beforeEach(() => {
    clock = null
  })
  afterAll(() => context.close())

  /** Signs in, and answers ways to look at the session at a time after that. The cookie is kept throughout. */
  async function begin() {
    const { secret } = await signInWrongForSession(context)
    const { session } = await json(await stateAt(context.gateway, secret))
    const begunAt = Date.parse(session.created_at)
    const at = async (ms: number) => {
      clock = begunAt + ms
      return stateAt(context.gateway, secret)
    }
    const lastSeen = async () => {
      const [row] = await context.gateway.database.rows(
        'SELECT last_seen_at FROM sessions WHERE id = ?',
        session.id,
      )
      return row.last_seen_at - begunAt
    }
    return { session, begunAt, at, statusAt: async (ms: number) => (await at(ms)).status, lastSeen }
  }

  test('unused, it is over after SESSION_IDLE, to the millisecond, and stays over', async () => {
    const young = await begin()
    expect(await young.statusAt(hour - 1)).toBe(200)
    clock = null
    const idle = await begin()
    expect(await idle.statusAt(hour)).toBe(401)
    // A refused look is no use.
    expect(await idle.statusAt(hour + second)).toBe(401)
    expect(await idle.lastSeen()).toBe(0)
  })

  test('every use gives it SESSION_IDLE again, but nothing moves its end at SESSION_MAX', async () => {
    const { session, statusAt, begunAt, at } = await begin()
    expect(Date.parse(session.expires_at) - begunAt).toBe(5 * hour)
    for (let ms = 0; ms < 5 * hour; ms += 50 * 60 * second) expect(await statusAt(ms), `${ms}`).toBe(200)
    const last = await json(await at(5 * hour - 1))
    expect(last.session.expires_at).toBe(session.expires_at)
    expect(last.session.idle_expires_at).toBe(session.expires_at)
    expect(await statusAt(5 * hour)).toBe(401)
  })

  test('when it would end unused is told, and is true', async () => {
    const { at, statusAt, begunAt } = await begin()
    const { session } = await json(await at(20 * 60 * second))
    expect(Date.parse(session.idle_expires_at) - begunAt).toBe(20 * 60 * second + hour)
    expect(await statusAt(20 * 60 * second + hour)).toBe(401)
  })

  test('its use is written down once a minute at most', async () => {
    const { statusAt, lastSeen } = await begin()
    await sealNow(context.gateway)
    const watched = await context.gateway.database.watchWrites()
    const before = await watched.mark()
    for (const ms of [1, second, 30 * second, 59 * second, 60 * second - 1])
      expect(await statusAt(ms)).toBe(200)
    expect(await watched.mark()).toEqual(before)
    await watched.end()
    expect(await lastSeen()).toBe(0)
    expect(await statusAt(60 * second)).toBe(200)
    expect(await lastSeen()).toBe(60 * second)
    expect(await statusAt(100 * second)).toBe(200)
    expect(await lastSeen()).toBe(60 * second)
    expect(await statusAt(120 * second)).toBe(200)
    expect(await lastSeen()).toBe(120 * second)
  })

  test('uses that come at once leave the latest, and a clock that goes back takes nothing away', async () => {
    const { at, statusAt, lastSeen } = await begin()
    const answers = await Promise.all([at(90 * second), at(90 * second), at(90 * second)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await lastSeen()).toBe(90 * second)
    expect(await statusAt(10 * second)).toBe(200)
    expect(await lastSeen()).toBe(90 * second)
  })

  test('a use at the moment of a sign-out does not bring it back', async () => {
    const { at, session } = await begin()
    await context.gateway.database.change('DELETE FROM sessions WHERE id = ?', session.id)
    expect((await at(2 * 60 * second)).status).toBe(401)
    expect(await context.gateway.database.rows('SELECT id FROM sessions WHERE id = ?', session.id)).toEqual(
      [],
    )
  })

  test('what is past its end is cleared away at a later sign-in, and not listed before that', async () => {
    const { session, begunAt } = await begin()
    const userId = (
      await context.gateway.database.rows('SELECT user_id FROM sessions WHERE id = ?', session.id)
    )[0].user_id
    const listed = async () =>
      (await json(await context.gateway.asAdmin(`/admin/users/${userId}/sessions`))).data.map(
        ({ id }: { id: string }) => id,
      )
    clock = begunAt + hour - 1
    expect(await listed()).toContain(session.id)
    clock = begunAt + hour
    expect(await listed()).not.toContain(session.id)
    await context.gateway.database.change(
      'UPDATE sessions SET expires_at = ? WHERE id = ?',
      new Date(begunAt - second),
      session.id,
    )
    clock = null
    await begin()
    expect(await context.gateway.database.rows('SELECT id FROM sessions WHERE id = ?', session.id)).toEqual(
      [],
    )
  })

  test('shorter settings hold for sessions that were begun under longer ones: idleness at once', async () => {
    const { statusAt } = await begin()
    expect(await statusAt(30 * 60 * second)).toBe(200)
    await context.gateway.restart({ SESSION_IDLE: '10m' })
    expect(await statusAt(39 * 60 * second)).toBe(200)
    expect(await statusAt(49 * 60 * second)).toBe(401)
    await context.gateway.restart()
  })
})
