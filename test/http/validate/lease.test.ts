import { afterEach, describe, expect, test } from 'vitest'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { until } from '../admin/list-server.ts'
import { movableClock, type PeopleContext, person, startPeople } from '../admin/people-context.ts'

const day = 86_400
const ada = person('ada')
let context: PeopleContext
afterEach(() => context.close())

async function start(settings: Record<string, string> = { KEY_LEASE: '30d' }) {
  const clock = movableClock()
  context = await startPeople(settings, { now: clock.now })
  return { clock, key: await context.keyOf(ada) }
}
const validate = (key: string) => context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
const leaseOf = (response: Response) => response.headers.get('x-key-lease-until')

describe('a lease', () => {
  test('is told with every answer, as long as a sign-in lasts', async () => {
    const { clock, key } = await start()
    const { id } = await context.userOf('ada@example.com')
    const [identity] = (await context.get(`/admin/users/${id}`)).identities
    const until = new Date(new Date(identity.last_sign_in_at).getTime() + 30 * day * 1000).toISOString()
    const good = await validate(key)
    expect([good.status, leaseOf(good)]).toEqual([200, until])
    clock.forward(29 * day)
    expect(leaseOf(await validate(key))).toBe(until)
    const narrow = await context.gateway.fetch('/v1/validate?scope=never', { headers: { 'x-api-key': key } })
    expect([narrow.status, leaseOf(narrow)]).toEqual([403, until])
  })

  test('that is over refuses every key of the person with 401, and says where to sign in', async () => {
    const { clock, key } = await start()
    clock.forward(30 * day - 60)
    expect((await validate(key)).status).toBe(200)
    clock.forward(61)
    const refused = await validate(key)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="keydesk", error="invalid_token"')
    expect(new Date(leaseOf(refused) ?? '').getTime()).toBeLessThan(clock.now().getTime())
    const problem = await json(refused)
    expect(problem.code).toBe('lease_expired')
    expect(problem.detail).toContain(`${context.gateway.url}/auth/login?return_to=/`)
  })

  test('begins again with a sign-in of either kind: all unrevoked keys work again, with the same text', async () => {
    const { clock, key } = await start()
    const [other, revoked] = [await context.keyOf(ada), await context.keyOf(ada)]
    await context.done('DELETE', `/admin/keys/${revoked.split('_')[1]}`)
    const ways = [() => context.browserOf(ada), () => context.keyOf(ada)]
    for (const signInAgain of ways) {
      clock.forward(31 * day)
      expect([await context.codeFor(key), await context.codeFor(other)]).toEqual([
        'lease_expired',
        'lease_expired',
      ])
      await signInAgain()
      expect([await context.codeFor(key), await context.codeFor(other)]).toEqual(['valid', 'valid'])
      expect(await context.codeFor(revoked)).toBe('revoked_key')
    }
  })

  test('ends at another gateway on the same database, and begins again there, too', async () => {
    const { clock, key } = await start()
    const settings = { KEY_LEASE: '30d' }
    const other = await startGateway(settings, { beside: context.gateway, now: clock.now })
    try {
      expect(await context.codeFor(key, '', other)).toBe('valid')
      clock.forward(31 * day)
      expect(await context.codeFor(key, '', other)).toBe('lease_expired')
      await context.browserOf(ada)
      // Only what takes something away is in force everywhere before it is answered.
      await until('the key works there', async () => (await context.codeFor(key, '', other)) === 'valid')
    } finally {
      await other.close()
    }
  })

  test('does not begin again by using a key or a session, nor by a sign-in that is refused', async () => {
    const { clock, key } = await start({
      KEY_LEASE: '30d',
      SESSION_MAX: '60d',
      SESSION_IDLE: '60d',
      ALLOWED_DOMAINS: 'example.com',
    })
    const jar = await context.browserOf(ada)
    clock.forward(29 * day)
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual(['valid', 'valid'])
    expect(await context.refusalOf({ ...ada, sub: 'stranger' })).toBe('email_of_another_user')
    clock.forward(2 * day)
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual(['lease_expired', 'valid'])
    expect(await context.refusalOf({ ...ada, hd: 'other.test' })).toBe('hd_not_allowed')
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
  })

  test('never lengthens a key: what has expired or was revoked stays so', async () => {
    const { clock } = await start({ KEY_LEASE: '30d', SSO_KEY_TTL: '10d' })
    const key = await context.keyOf(ada)
    clock.forward(11 * day)
    await context.browserOf(ada)
    expect(await context.codeFor(key)).toBe('expired_key')
  })

  test('is said only after what is worse: revoked, disabled, not allowed, expired', async () => {
    const { clock, key } = await start()
    const { id } = await context.userOf('ada@example.com')
    clock.forward(31 * day)
    expect(await context.codeFor(key, '?scope=never')).toBe('lease_expired')
    const { id: rule } = await context.done('POST', '/admin/access-rules', {
      kind: 'deny_email',
      value: 'ada@example.com',
    })
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
    await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
    expect(await context.codeFor(key)).toBe('user_disabled')
    await context.done('DELETE', `/admin/keys/${key.split('_')[1]}`)
    expect(await context.codeFor(key)).toBe('revoked_key')
    await context.done('DELETE', `/admin/access-rules/${rule}`)
  })

  test('is not for service accounts: no header, and no end', async () => {
    const { clock } = await start()
    const { id: adaId } = await context.userOf('ada@example.com')
    const account = { name: 'CI', responsible_user_id: adaId }
    const { id } = await context.done('POST', '/admin/service-accounts', account)
    const { key_text: key } = await context.done('POST', '/admin/keys', { user_id: id, name: 'ci' })
    clock.forward(400 * day)
    const response = await validate(key)
    expect([response.status, leaseOf(response)]).toEqual([200, null])
  })

  test('is off where it is not set: no header, and keys outlive every sign-in', async () => {
    const { clock, key } = await start({})
    clock.forward(4000 * day)
    const response = await validate(key)
    expect([response.status, leaseOf(response)]).toEqual([200, null])
  })
})
