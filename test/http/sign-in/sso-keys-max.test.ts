import { afterEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  auditOf,
  expectRefused,
  inventory,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'

const tooMany = { status: 409, code: 'conflict', reason: 'too_many_sso_keys' }

describe('SSO_KEYS_MAX', () => {
  let context: Attacked
  afterEach(() => context.close())
  const live = async () => (await inventory(context)).keys.filter(({ status }) => status === 'active')
  const statuses = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => signInWrong(context)))
    return answers.map(({ status }) => status).sort()
  }

  test('stops the sign-in after the last one that is allowed, with a page that says what to do', async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '2' })
    expect(await statuses(1)).toEqual([200])
    expect(await statuses(1)).toEqual([200])
    const { problem } = await expectRefused(context, tooMany, (headers) => signInWrong(context, headers))
    expect(problem.detail).toMatch(/already have 2 live keys.*administrator/)
    const page = await (await signInWrong(context, { accept: 'text/html' })).text()
    expect(page).toContain('already have 2 live keys')
  })

  test('is held by parallel sign-ins of somebody new: exactly so many keys, one user', async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '3' })
    expect(await statuses(12)).toEqual([...Array(3).fill(200), ...Array(9).fill(409)])
    const { users, keys } = await inventory(context)
    expect([users.length, keys.length]).toEqual([1, 3])
    expect(await auditOf(context, 'key.minted')).toHaveLength(3)
    expect(await auditOf(context, 'sign_in.succeeded')).toHaveLength(3)
  })

  test('is held by parallel sign-ins at the limit', async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '2' })
    await statuses(1)
    expect(await statuses(10)).toEqual([200, ...Array(9).fill(409)])
    expect(await live()).toHaveLength(2)
  })

  test('counts live keys made by sign-in alone: revoking one makes room, keys made by an admin take none', async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1' })
    await statuses(1)
    const [key] = await live()
    await context.gateway.asAdmin(`/admin/keys/${key.id}`, { method: 'DELETE' })
    const minted = await context.gateway.asAdmin('/admin/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: key.user_id, name: 'sso' }),
    })
    expect(minted.status).toBe(201)
    expect(await statuses(1)).toEqual([200])
    expect(await statuses(1)).toEqual([409])
  })

  test('an expired key takes no room', async () => {
    let shiftMs = 0
    const now = () => new Date(Date.now() + shiftMs)
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1', SSO_KEY_TTL: '1h' }, { now })
    expect(await statuses(1)).toEqual([200])
    shiftMs = 3_590_000
    context.wrong.behaviour.idTokenClaims = (claims) => ({
      ...claims,
      iat: Math.floor(now().getTime() / 1000),
      exp: Math.floor(now().getTime() / 1000) + 300,
    })
    expect(await statuses(1)).toEqual([409])
    shiftMs = 3_601_000
    expect(await statuses(1)).toEqual([200])
  })

  test('is for each person apart', async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1' })
    for (const sub of ['1', '2', '3']) {
      Object.assign(context.wrong.account, { sub, email: `p${sub}@example.com` })
      expect(await statuses(1)).toEqual([200])
    }
  })
})
