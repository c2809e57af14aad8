import { afterEach, describe, expect, test } from 'vitest'
import { type Attacked, startAttackedGateway } from '../../support/attack.ts'
import { json } from '../../support/json.ts'
import { postFrom, signInWrongForSession, stateAt } from '../../support/signed-in.ts'

const settings = { AUTH_RATE_LIMIT: 'off', FAILURE_RATE_LIMIT: 'off' }
const perUserMax = 50

let context: Attacked
afterEach(() => context.close())

describe('the sessions of one person', () => {
  test('are fifty at most: the newest works, and the oldest gave way to it', async () => {
    context = await startAttackedGateway(settings)
    const secrets: string[] = []
    for (let count = 0; count <= perUserMax; count += 1)
      secrets.push((await signInWrongForSession(context)).secret)
    const statusOf = async (index: number) => (await stateAt(context.gateway, secrets.at(index) ?? '')).status
    expect(await Promise.all([statusOf(0), statusOf(1), statusOf(-1)])).toEqual([401, 200, 200])
    const [{ n }] = await context.gateway.database.rows('SELECT count(*) AS n FROM sessions')
    expect(Number(n)).toBe(perUserMax)
    const { user } = await json(await stateAt(context.gateway, secrets.at(-1) ?? ''))
    const listed = await json(await context.gateway.asAdmin(`/admin/users/${user.id}/sessions`))
    expect(listed.data).toHaveLength(perUserMax)
  })

  test('are not ended by how often somebody else signs in', async () => {
    context = await startAttackedGateway(settings)
    const first = await signInWrongForSession(context)
    Object.assign(context.wrong.account, { sub: 'busy', email: 'busy@example.com' })
    for (let count = 0; count <= perUserMax; count += 1) await signInWrongForSession(context)
    expect((await stateAt(context.gateway, first.secret)).status).toBe(200)
  })
})

describe('a session that idleness has ended', () => {
  let shiftMs = 0
  const hour = 3_600_000

  test('signs nobody out everywhere: its value says nothing of who sits there now', async () => {
    shiftMs = 0
    const now = () => new Date(Date.now() + shiftMs)
    context = await startAttackedGateway({ ...settings, SESSION_IDLE: '1h' }, { now })
    const idle = await signInWrongForSession(context)
    const fresh = await signInWrongForSession(context)
    shiftMs = 0.8 * hour
    expect((await stateAt(context.gateway, fresh.secret)).status).toBe(200)
    shiftMs = 1.5 * hour
    expect((await stateAt(context.gateway, idle.secret)).status).toBe(401)
    const answer = await postFrom(idle, '/auth/logout/everywhere')
    expect(answer.status).toBe(204)
    expect((await stateAt(context.gateway, fresh.secret)).status).toBe(200)
    // One that works still does.
    expect((await postFrom(fresh, '/auth/logout/everywhere')).status).toBe(204)
    expect((await stateAt(context.gateway, fresh.secret)).status).toBe(401)
  })
})
