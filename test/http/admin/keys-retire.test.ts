import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createRetireKeys } from '../../../src/services/retire-keys.ts'
import { openStorage, type Storage } from '../../../src/storage/storage.ts'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { movableClock, request } from './people-context.ts'

const day = 86_400
/** How long a use can be known to another process only: twice the interval of the desk. */
const unseen = 20

describe('the sweep that retires keys', () => {
  const clock = movableClock()
  let desk: Desk
  let storage: Storage
  let sweep: () => Promise<number>
  beforeAll(async () => {
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' }, { now: clock.now })
    // As the gateway does each minute, and any process beside it.
    storage = await openStorage(desk.gateway.database.url)
    const retireKeys = createRetireKeys({ storage, usageSecondsMax: unseen, now: clock.now })
    sweep = async () => {
      const count = await retireKeys()
      // Nobody waits for a sweep; this test does, until the gateway acts on it.
      await storage.confirmChanges()
      return count
    }
  })
  afterAll(async () => {
    await storage.close()
    await desk.close()
  })

  const rotate = async (key: string, body: object) => {
    const path = `/admin/keys/${idOf(key)}/rotate`
    return json(await desk.gateway.asAdmin(path, request('POST', body)))
  }
  /** A key and its successor; the limits are an hour of quiet and ten days of grace. */
  const pair = async (body: object = {}) => {
    const old = await desk.mint()
    const { key_text: next } = await rotate(old, { quiet_seconds: 3600, grace_seconds: 10 * day, ...body })
    return { old, next: next as string }
  }
  const use = async (...keys: string[]) => {
    for (const key of keys) expect(await desk.codeFor(key)).toBe('valid')
    await desk.gateway.restart()
  }
  const trailOf = async (key: string) =>
    (await json(await desk.gateway.asAdmin(`/admin/audit?action=key.retired&target=key:${idOf(key)}`))).data

  test('retires nothing whose successor was never used, however quiet it is', async () => {
    const { old } = await pair()
    clock.forward(9 * day)
    await sweep()
    expect(await desk.codeFor(old)).toBe('valid')
    await desk.revoke(old)
  })

  test('retires once the successor was used and the old key was quiet for long enough, and not a moment before', async () => {
    const { old, next } = await pair()
    await use(next, old)
    clock.forward(3600 - 60)
    expect(await sweep()).toBe(0)
    // Another process may have seen a use that it has not written down yet.
    clock.forward(60 + unseen - 10)
    expect(await sweep()).toBe(0)
    expect(await desk.codeFor(old)).toBe('valid')
    await desk.gateway.restart()
    clock.forward(3600 + unseen + 1)
    expect(await sweep()).toBe(1)
    expect([await desk.codeFor(old), await desk.codeFor(next)]).toEqual(['revoked_key', 'valid'])
    expect(await desk.read(old)).toMatchObject({ status: 'revoked', revoked_reason: 'retired' })
    expect(await trailOf(old)).toMatchObject([
      { actor: 'system', facts: { reason: 'quiet', user_id: desk.userId, successor_id: idOf(next) } },
    ])
    expect(await sweep()).toBe(0)
  })

  test('a use of the old key begins the quiet anew; being refused does not', async () => {
    const { old, next } = await pair()
    await use(next)
    clock.forward(3000)
    await use(old)
    clock.forward(3000)
    expect(await desk.codeFor(old, '?scope=never')).toBe('insufficient_scope')
    await desk.gateway.restart()
    expect(await sweep()).toBe(0)
    clock.forward(600 + unseen + 1)
    expect(await sweep()).toBe(1)
    expect(await desk.codeFor(old)).toBe('revoked_key')
  })

  test('asking GET /v1/key is no use, neither of the old key nor of the successor', async () => {
    const ask = async (key: string) => {
      const response = await desk.gateway.fetch('/v1/key', { headers: { 'x-api-key': key } })
      expect(response.status).toBe(200)
      await desk.gateway.restart()
    }
    const { old, next } = await pair()
    await ask(next)
    clock.forward(day)
    expect(await sweep()).toBe(0)
    await use(next)
    clock.forward(3000)
    await ask(old)
    expect(await sweep()).toBe(1)
    expect(await desk.codeFor(old)).toBe('revoked_key')
  })

  test('retires when the grace is over, also a key that is in use and whose successor never was', async () => {
    const { old, next } = await pair({ grace_seconds: day })
    await use(old)
    clock.forward(day - 60)
    await use(old)
    expect(await sweep()).toBe(0)
    clock.forward(61)
    expect(await desk.codeFor(old)).toBe('valid')
    expect(await sweep()).toBe(1)
    expect([await desk.codeFor(old), await desk.codeFor(next)]).toEqual(['revoked_key', 'valid'])
    expect((await trailOf(old))[0].facts).toMatchObject({ reason: 'grace_over' })
  })

  test('a verification never retires: past its grace a key works until the sweep comes', async () => {
    const { old } = await pair({ grace_seconds: 60 })
    clock.forward(3600)
    const response = await desk.validate(old)
    expect(response.status).toBe(200)
    expect(Date.parse(response.headers.get('x-key-retires-at') ?? '')).toBeLessThan(clock.now().getTime())
    await sweep()
    expect(await desk.codeFor(old)).toBe('revoked_key')
  })

  test('leaves keys alone that are revoked, or that nothing has replaced, and two sweeps at once retire once', async () => {
    const [{ old: dead }, { old: due }] = [
      await pair({ grace_seconds: 60 }),
      await pair({ grace_seconds: 60 }),
    ]
    const single = await desk.mint()
    await desk.revoke(dead)
    const before = await desk.read(dead)
    clock.forward(61)
    const counts = await Promise.all([sweep(), sweep(), sweep()])
    expect(counts.reduce((sum, count) => sum + count)).toBe(1)
    expect(await desk.read(dead)).toEqual(before)
    expect(await desk.codeFor(single)).toBe('valid')
    expect(await trailOf(due)).toHaveLength(1)
  })
})

test('the gateway sweeps by itself each minute', async () => {
  const clock = movableClock()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const desk = await startDesk({}, { now: clock.now })
  const [old, other] = [await desk.mint(), await desk.mint()]
  for (const [key, seconds] of [
    [old, 60],
    [other, day],
  ] as const)
    await desk.gateway.asAdmin(`/admin/keys/${idOf(key)}/rotate`, request('POST', { grace_seconds: seconds }))
  clock.forward(61)
  vi.advanceTimersByTime(59_000)
  expect(await desk.codeFor(old)).toBe('valid')
  vi.advanceTimersByTime(1000)
  await vi.waitFor(async () => expect(await desk.codeFor(old)).toBe('revoked_key'), 10_000)
  expect(await desk.codeFor(other)).toBe('valid')
  vi.useRealTimers()
  await desk.close()
})
