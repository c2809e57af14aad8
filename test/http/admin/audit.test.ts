import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { signIn, subjectOf } from '../../support/sign-in.ts'
import { type AdminContext, allPages, startAdminContext } from './admin-context.ts'

let clock = new Date()

describe('the audit trail', () => {
  let context: AdminContext
  beforeAll(async () => {
    context = await startAdminContext({ ALLOWED_DOMAINS: 'example.com' }, { now: () => clock })
  })
  afterAll(() => context.close())

  const newest = async (query: string) => (await context.get(`/admin/audit?limit=1&${query}`)).data[0]
  const asked = { 'x-forwarded-for': '192.0.2.44', 'user-agent': 'audit-test/1' }

  test('minting and revoking: who, what, from where, by which request', async () => {
    const minted = await context.post({ user_id: context.userId, name: 'x', scopes: ['a'] }, asked)
    const { id } = (await json(minted)).key
    expect(await newest(`target=key:${id}`)).toEqual({
      seq: expect.any(Number),
      id: expect.stringMatching(/^evt_/),
      at: clock.toISOString(),
      action: 'key.minted',
      actor: 'master_key',
      target: `key:${id}`,
      facts: { user_id: context.userId, scopes: ['a'], expires_at: null, created_through: 'admin' },
      request_id: minted.headers.get('x-request-id'),
      details: { email: null, address: '192.0.2.44', user_agent: 'audit-test/1' },
    })
    const revoked = await context.gateway.asAdmin(`/admin/keys/${id}`, { method: 'DELETE', headers: asked })
    expect(await newest(`target=key:${id}`)).toMatchObject({
      action: 'key.revoked',
      actor: 'master_key',
      facts: { user_id: context.userId },
      request_id: revoked.headers.get('x-request-id'),
      details: { address: '192.0.2.44', user_agent: 'audit-test/1' },
    })
  })

  test('signing in: the user is created, the sign-in succeeded, a key was minted, in one request', async () => {
    const actor = `user:${context.userId}`
    const created = await newest(`action=user.created&actor=${actor}`)
    const signedIn = await newest(`action=sign_in.succeeded&actor=${actor}`)
    const minted = await newest(`action=key.minted&actor=${actor}`)
    expect(created).toMatchObject({ target: actor, facts: { provider: 'google', role: 'member' } })
    expect(signedIn).toMatchObject({
      target: actor,
      details: { email: 'alice@example.com', address: expect.any(String) },
    })
    expect(minted.target).toBe(`key:${context.ssoKey.split('_')[1]}`)
    expect(new Set([created, signedIn, minted].map((event) => event.request_id)).size).toBe(1)
  })

  test('a changed profile is one user.updated that names what changed, and the same user', async () => {
    const account = context.standIn.accounts.find(({ email }) => email === 'alice@example.com')
    if (account === undefined) throw new Error('no account')
    account.name = 'Alice Renamed'
    expect((await signIn(context.gateway, account.sub)).status).toBe(200)
    expect(await newest('action=user.updated')).toMatchObject({
      target: `user:${context.userId}`,
      facts: { changed: ['name'] },
    })
    await signIn(context.gateway, account.sub)
    expect(await allPages(context, '/admin/audit?action=user.updated', 50)).toHaveLength(1)
  })

  test('a refused sign-in has its reason and the address that was proven', async () => {
    expect((await signIn(context.gateway, subjectOf(context.standIn, 'otto@elsewhere.test'))).status).toBe(
      403,
    )
    expect(await newest('action=sign_in.refused')).toMatchObject({
      actor: 'anonymous',
      facts: { reason: 'domain_not_allowed' },
      details: { email: 'otto@elsewhere.test' },
    })
    expect((await signIn(context.gateway, subjectOf(context.standIn, 'uma@example.com'))).status).toBe(403)
    expect(await newest('action=sign_in.refused')).toMatchObject({ facts: { reason: 'email_unverified' } })
  })

  test('refused admin calls: one row for an address and a minute, whatever was sent', async () => {
    const rows = () => allPages(context, '/admin/audit?action=admin.refused', 50)
    const before = (await rows()).length
    const knock = (address: string, token?: string) =>
      context.gateway.fetch('/admin/keys', {
        headers: {
          'x-forwarded-for': address,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      })
    clock = new Date(Math.ceil(clock.getTime() / 60_000) * 60_000)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => knock('198.51.100.7', index % 2 === 0 ? undefined : 'wrong')),
    )
    for (const { status } of answers) expect(status).toBe(401)
    expect((await rows()).length).toBe(before + 1)
    await knock('198.51.100.8')
    expect((await rows()).length).toBe(before + 2)
    clock = new Date(clock.getTime() + 60_000)
    await knock('198.51.100.7', 'wrong')
    const [latest, ...others] = await rows()
    expect(others).toHaveLength(before + 2)
    expect(latest).toMatchObject({
      actor: 'anonymous',
      target: null,
      facts: { reason: 'wrong_credential' },
      details: { address: '198.51.100.7' },
    })
    // After a restart the same minute is still the same row.
    await context.gateway.restart()
    await knock('198.51.100.7')
    expect((await rows()).length).toBe(before + 3)
  })

  test('filters by action, actor, target and time, page by page, newest first', async () => {
    const all = await allPages(context, '/admin/audit', 3)
    const seqs = all.map(({ seq }) => seq)
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a))
    expect(new Set(seqs).size).toBe(seqs.length)
    for (const [member, value] of [
      ['action', 'key.minted'],
      ['actor', 'master_key'],
      ['target', `user:${context.userId}`],
    ] as const) {
      const found = await allPages(context, `/admin/audit?${member}=${value}`, 2)
      expect(found).toEqual(all.filter((event) => event[member] === value))
      expect(found.length).toBeGreaterThan(0)
    }
    const middle = all[Math.floor(all.length / 2)].at
    const since = await allPages(context, `/admin/audit?since=${middle}`, 50)
    const until = await allPages(context, `/admin/audit?until=${middle}`, 50)
    expect(since).toEqual(all.filter(({ at }) => at >= middle))
    expect(until).toEqual(all.filter(({ at }) => at < middle))
  })

  test.each([
    'action=unknown',
    'action=',
    'actor=',
    'since=yesterday',
    'until=2027-01-01',
    'since=2027-02-01T00:00:00Z&until=2027-01-01T00:00:00Z',
    'seq=1',
  ])('the question ?%s is 400', async (query) => {
    expect((await context.gateway.asAdmin(`/admin/audit?${query}`)).status).toBe(400)
  })

  test('a hostile user agent is stored without what cannot be stored, and cut', async () => {
    const { key } = await json(
      await context.post(
        { user_id: context.userId, name: 'x' },
        { 'user-agent': `<script>'";--${'x'.repeat(2000)}` },
      ),
    )
    const { details } = await newest(`target=key:${key.id}`)
    expect(details.user_agent).toMatch(/^<script>'";--x+$/)
    expect(details.user_agent).toHaveLength(400)
  })

  test('no row holds a key text, a hash or the master key', async () => {
    const trail = JSON.stringify(await allPages(context, '/admin/audit', 200))
    expect(trail).not.toContain(context.gateway.masterKey)
    expect(trail).not.toContain(context.ssoKey.slice(16, 36))
    expect(trail).not.toMatch(/argon2|_[0-9A-Za-z]{43}[0-9a-f]{16}/)
  })
})
