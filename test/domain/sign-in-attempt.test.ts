import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  attemptCookieName,
  attemptCookiesToDrop,
  isAttemptCookie,
  openAttempt,
  sealAttempt,
} from '../../src/domain/sign-in-attempt.ts'
import { newState } from '../../src/domain/signed-state.ts'

const key = randomBytes(32)
const now = new Date('2027-03-01T10:00:00.000Z')

function attemptAt(time: Date) {
  const { nonce } = newState(key, time)
  const purpose = { kind: 'session', returnTo: 'https://app.test/?a=b' } as const
  return { nonce, provider: 'google', codeVerifier: 'v'.repeat(43), openIdNonce: 'n'.repeat(32), purpose }
}

describe('the cookie of a sign-in attempt', () => {
  test('opens for its own nonce only, and only as it was written', () => {
    const attempt = attemptAt(now)
    const cookie = sealAttempt(attempt, key)
    expect(cookie.name).toBe(attemptCookieName(attempt.nonce))
    expect(isAttemptCookie(cookie.name)).toBe(true)
    expect(cookie.name.startsWith('__Host-')).toBe(true)
    expect(openAttempt(cookie.value, attempt.nonce, key)).toEqual(attempt)
    expect(openAttempt(cookie.value, attemptAt(now).nonce, key)).toBeNull()
    expect(openAttempt(cookie.value, attempt.nonce, randomBytes(32))).toBeNull()
    for (const value of ['', 'garbage', `${cookie.value}A`, cookie.value.slice(0, -1), 'v1.é', '"', '%00']) {
      expect(openAttempt(value, attempt.nonce, key)).toBeNull()
    }
  })

  test('does not open for a nonce with the same random part and another time', () => {
    const attempt = attemptAt(now)
    const bytes = Buffer.from(attempt.nonce, 'base64url')
    bytes.writeUIntBE(now.getTime() + 1, 0, 6)
    expect(openAttempt(sealAttempt(attempt, key).value, bytes.toString('base64url'), key)).toBeNull()
  })

  test('holds no secret in the clear, and is under 4,096 bytes with its name', () => {
    const cookie = sealAttempt(attemptAt(now), key)
    expect(cookie.value).not.toContain('vvvv')
    expect(cookie.name.length + cookie.value.length).toBeLessThan(1000)
  })
})

describe('which attempt cookies give way', () => {
  const expiredBefore = new Date(now.getTime() - 600_000)
  const minutesAgo = (minutes: number) =>
    sealAttempt(attemptAt(new Date(now.getTime() - minutes * 60_000)), key)
  const fresh = minutesAgo(0)

  test('none of a few young ones', () => {
    expect(attemptCookiesToDrop([minutesAgo(1), minutesAgo(9)], fresh, key, expiredBefore)).toEqual([])
  })

  test('those that have expired or that we did not write', () => {
    const expired = minutesAgo(11)
    const foreign = { name: `${attemptCookieName(attemptAt(now).nonce)}`, value: 'garbage' }
    const moved = { name: minutesAgo(1).name, value: minutesAgo(1).value }
    const dropped = attemptCookiesToDrop([expired, foreign, moved, minutesAgo(2)], fresh, key, expiredBefore)
    expect(dropped.sort()).toEqual([expired.name, foreign.name, moved.name].sort())
  })

  test('the oldest, until all that stay are under 6,000 bytes together', () => {
    const shown = Array.from({ length: 60 }, (_, index) => minutesAgo(index / 10))
    const dropped = new Set(attemptCookiesToDrop(shown, fresh, key, expiredBefore))
    const kept = shown.filter(({ name }) => !dropped.has(name))
    const bytes = [fresh, ...kept].reduce((sum, { name, value }) => sum + name.length + value.length + 3, 0)
    expect(bytes).toBeLessThanOrEqual(6000)
    expect(kept.length).toBeGreaterThan(5)
    expect(kept).toEqual(shown.slice(0, kept.length))
  })
})
