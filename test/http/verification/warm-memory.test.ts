import argon2 from 'argon2'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Desk, idOf, otherSecretOf, startDesk } from '../../support/desk.ts'

let clock = new Date()

describe('a key that is remembered', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk({}, { now: () => clock })
  })
  afterAll(() => desk.close())
  beforeEach(() => desk.sql(`UPDATE users SET status = 'active', scope_limit = NULL`))

  const hits = () => desk.metric('keydesk_key_memory_total{result="hit"}')

  /** Proves it, and shows that the next question is answered from memory. */
  async function warm(key: string, query = ''): Promise<void> {
    expect(await desk.codeFor(key, query)).toBe('valid')
    const before = await hits()
    expect(await desk.codeFor(key, query)).toBe('valid')
    expect(await hits()).toBe(before + 1)
  }

  test('with scope A is 403 for B, from memory, and 200 for A again', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    await warm(key, '?scope=a')
    const before = await hits()
    expect((await desk.validate(key, '?scope=b')).status).toBe(403)
    expect((await desk.validate(key, '?scope=a&scope=b')).status).toBe(403)
    expect((await desk.validate(key, '?scope=a')).status).toBe(200)
    expect(await hits()).toBe(before + 3)
  })

  test('expires by the clock, from memory, without anybody having written anything', async () => {
    const expiresAt = new Date(clock.getTime() + 60_000)
    const key = await desk.mint({ expires_at: expiresAt.toISOString() })
    await warm(key)
    const before = await hits()
    clock = new Date(expiresAt.getTime() - 1)
    expect(await desk.codeFor(key)).toBe('valid')
    clock = expiresAt
    expect(await desk.codeFor(key)).toBe('expired_key')
    expect(await hits()).toBe(before + 2)
  })

  test('is refused when its owner is disabled, and cut when the limit of its owner shrinks', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    await warm(key, '?scope=a')
    await desk.sql(`UPDATE users SET scope_limit = '["b"]' WHERE id = ?`, desk.userId)
    expect(await desk.codeFor(key, '?scope=a')).toBe('insufficient_scope')
    await desk.sql(`UPDATE users SET status = 'disabled' WHERE id = ?`, desk.userId)
    expect(await desk.codeFor(key, '?scope=a')).toBe('user_disabled')
  })

  test('is refused once its stored hash is another, and the text of the new hash is not refused for it', async () => {
    const [moved, other] = [await desk.mint(), await desk.mint()]
    await warm(moved)
    const [{ secret_hash: old }] = await desk.rows(
      'SELECT secret_hash FROM api_keys WHERE id = ?',
      idOf(moved),
    )
    await desk.sql(
      'UPDATE api_keys SET secret_hash = ? WHERE id = ?',
      await argon2.hash(other, { memoryCost: 64, timeCost: 1, parallelism: 1 }),
      idOf(moved),
    )
    for (let round = 0; round < 3; round += 1) expect(await desk.codeFor(moved)).toBe('invalid_key')
    await desk.sql('UPDATE api_keys SET secret_hash = ? WHERE id = ?', old, idOf(moved))
    expect(await desk.codeFor(moved)).toBe('valid')
  })

  test('gives the new owner, name and metadata at once after they changed', async () => {
    const key = await desk.mint({ metadata: { plan: 'old' } })
    await warm(key)
    const heir = await desk.addUser()
    await desk.sql(
      `UPDATE api_keys SET user_id = ?, name = 'renamed', metadata = '{"plan":"new"}' WHERE id = ?`,
      heir,
      idOf(key),
    )
    const answer = (await (await desk.validate(key)).json()) as any
    expect(answer.user.id).toBe(heir)
    expect(answer.key).toMatchObject({ name: 'renamed', metadata: { plan: 'new' } })
  })

  test('costs no Argon2 after a change of another key: only its record is read again', async () => {
    const [key, other] = [await desk.mint(), await desk.mint()]
    await warm(key)
    const before = await desk.hashes()
    await desk.sql(`UPDATE api_keys SET name = 'changed' WHERE id = ?`, idOf(other))
    await warm(key)
    await desk.revoke(other)
    await warm(key)
    expect(await desk.hashes()).toBe(before)
  })

  test('is refused by the next request after it was revoked through this process, and after a restart', async () => {
    const key = await desk.mint()
    await warm(key)
    expect((await desk.revoke(key)).status).toBe(204)
    expect(await desk.codeFor(key)).toBe('revoked_key')
    await desk.gateway.restart()
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })
})

describe('keys with the same beginning', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk()
  })
  afterAll(() => desk.close())

  test('that differ only in the last character of their id never share an answer', async () => {
    const keys = await desk.mintMany(2, { name: 'twin' })
    // An id is in the text that is tagged and hashed, so a twin is only made with the tag key: see the next test. What
    // can be had without it is a text with the id of one and the rest of the other.
    const [first, second] = keys as [string, string]
    for (const key of keys) expect(await desk.codeFor(key)).toBe('valid')
    for (let cut = 4; cut < first.length - 1; cut += 5) {
      const mixed = first.slice(0, cut) + second.slice(cut)
      // Two ids may begin alike, and then it is the second key itself.
      if (mixed === second) continue
      expect(await desk.codeFor(mixed), `cut at ${cut}`).toBe('invalid_key')
    }
  })

  test('and one id are told apart by their secret, with a genuine tag and while the other is warm', async () => {
    const key = await desk.mint()
    const [twin = ''] = await otherSecretOf(desk.gateway, key)
    expect(twin.slice(0, 16)).toBe(key.slice(0, 16))
    for (let round = 0; round < 3; round += 1) {
      expect(await desk.codeFor(key)).toBe('valid')
      expect(await desk.codeFor(twin)).toBe('invalid_key')
    }
  })
})

test('a memory of two keys answers five in turn and at once rightly, revoked ones too', async () => {
  const desk = await startDesk({ VERIFIED_KEYS_MAX: '2' })
  const keys = await desk.mintMany(5)
  for (let round = 0; round < 3; round += 1) {
    for (const key of keys) {
      const answer = (await (await desk.validate(key)).json()) as any
      expect(answer.key.id).toBe(idOf(key))
    }
  }
  const [revoked = '', ...rest] = keys
  await desk.revoke(revoked)
  const asked = Array.from({ length: 50 }, (_, index) => keys[index % 5] ?? '')
  const codes = await Promise.all(asked.map((key) => desk.codeFor(key)))
  expect(codes).toEqual(asked.map((key) => (key === revoked ? 'revoked_key' : 'valid')))
  for (const key of rest) expect(await desk.codeFor(key)).toBe('valid')
  await desk.close()
})
