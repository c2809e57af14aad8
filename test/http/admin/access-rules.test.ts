import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { type PeopleContext, startPeople } from './people-context.ts'

const path = '/admin/access-rules'

describe('the rules of who may come in', () => {
  let context: PeopleContext
  beforeAll(async () => {
    context = await startPeople({ ADMIN_EMAILS: 'boss@example.com', DENIED_EMAILS: 'eve@evil.test' })
  })
  afterAll(() => context.close())

  const add = (rule: unknown) => context.send('POST', path, rule)

  test('a rule is made with its note and author, is listed, and is removed once', async () => {
    const response = await add({ kind: 'allow_domain', value: ' Corp.COM ', note: ' the firm ' })
    expect(response.status).toBe(201)
    const rule = await json(response)
    expect(rule).toEqual({
      id: expect.stringMatching(/^rul_[0-9A-Za-z]{16}$/),
      kind: 'allow_domain',
      provider: 'google',
      value: 'corp.com',
      note: 'the firm',
      created_by: 'master_key',
      created_at: expect.stringMatching(/Z$/),
    })
    expect((await context.get(path)).data).toEqual([rule])
    expect((await context.send('DELETE', `${path}/${rule.id}`)).status).toBe(204)
    expect((await context.send('DELETE', `${path}/${rule.id}`)).status).toBe(404)
    expect((await context.get(path)).data).toEqual([])
  })

  test('an allow rule is of Google unless it says otherwise, a deny rule of every provider', async () => {
    const rules = [
      [{ kind: 'allow_email', value: 'a@corp.com' }, 'google'],
      [{ kind: 'deny_email', value: 'a@corp.com' }, '*'],
      [{ kind: 'deny_email', value: 'a@corp.com', provider: 'google' }, 'google'],
    ] as const
    for (const [rule, provider] of rules) {
      const made = await context.done('POST', path, rule)
      expect(made).toMatchObject({ provider, note: null })
      await context.done('DELETE', `${path}/${made.id}`)
    }
  })

  test('an internationalized domain is kept in the form in which it is compared', async () => {
    const made = await context.done('POST', path, { kind: 'allow_email', value: 'Ada@MÜLLER.de' })
    expect(made.value).toBe('ada@xn--mller-kva.de')
    await context.done('DELETE', `${path}/${made.id}`)
  })

  test('the same rule twice is 409, in whatever spelling, and so for one of ten at once', async () => {
    const made = await context.done('POST', path, { kind: 'allow_domain', value: 'müller.de' })
    for (const value of ['müller.de', 'MÜLLER.DE', 'xn--mller-kva.de']) {
      const again = await add({ kind: 'allow_domain', value, note: 'again' })
      expect(again.status, value).toBe(409)
      expect(await json(again)).toMatchObject({ code: 'conflict' })
    }
    await context.done('DELETE', `${path}/${made.id}`)
    const tenAtOnce = Array.from({ length: 10 }, () => add({ kind: 'deny_email', value: 'ten@corp.com' }))
    const states = (await Promise.all(tenAtOnce)).map(({ status }) => status).sort()
    expect(states).toEqual([201, ...Array(9).fill(409)])
    expect((await context.get(path)).data.map(({ value }: any) => value)).toEqual(['ten@corp.com'])
    expect((await context.audit('access_rule.created')).filter(isOf('ten@corp.com'))).toHaveLength(1)
  })

  const isOf = (email: string) => (event: any) => event.details.email === email
  const good = { kind: 'allow_email', value: 'x@corp.com' }
  test.each<[string, unknown]>([
    ['kind', { value: 'x@corp.com' }],
    ['kind', { ...good, kind: 'allow' }],
    ['kind', { ...good, kind: null }],
    ['value', { kind: 'allow_email' }],
    ['value', { ...good, value: 7 }],
    ['value', { ...good, value: '' }],
    ['value', { ...good, value: 'corp.com' }],
    ['value', { ...good, value: '*@corp.com' }],
    ['value', { ...good, value: 'a@b@corp.com' }],
    ['value', { ...good, value: `${'a'.repeat(300)}@corp.com` }],
    ['value', { kind: 'allow_domain', value: 'x@corp.com' }],
    ['value', { kind: 'allow_domain', value: '*.corp.com' }],
    ['value', { kind: 'allow_domain', value: 'com' }],
    ['value', { kind: 'allow_domain', value: '1.2' }],
    ['value', { kind: 'deny_email', value: 'corp.com' }],
    ['provider', { ...good, provider: 'okta' }],
    ['provider', { ...good, provider: 'Google' }],
    ['provider', { ...good, provider: '' }],
    ['provider', { ...good, provider: '*' }],
    ['provider', { kind: 'allow_domain', value: 'corp.com', provider: '*' }],
    ['provider', { kind: 'deny_email', value: 'x@corp.com', provider: 'okta' }],
    ['note', { ...good, note: 7 }],
    ['note', { ...good, note: 'n'.repeat(501) }],
    ['created_by', { ...good, created_by: 'user:usr_1' }],
    ['id', { ...good, id: 'rul_1' }],
    ['role', { ...good, role: 'admin' }],
  ])('400 names the field %s of %j', async (field, rule) => {
    const before = await context.get(path)
    const response = await add(rule)
    expect(response.status).toBe(400)
    expect(await json(response)).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining(field),
    })
    expect(await context.get(path)).toEqual(before)
  })

  test('a note keeps what people write, but nothing that no engine can store', async () => {
    const made = await context.done('POST', path, { ...good, note: 'für Ada 🔑 <b>' })
    expect(made.note).toBe('für Ada 🔑 <b>')
    await context.done('DELETE', `${path}/${made.id}`)
    for (const note of ['a\u0000b', 'a\ud800b']) {
      const response = await add({ ...good, note })
      expect(response.status, JSON.stringify(note)).toBe(400)
    }
  })

  test('the list says what the settings say, too, and how sign-up is', async () => {
    expect(await context.get(path)).toMatchObject({
      settings: [
        { kind: 'deny_email', provider: '*', value: 'eve@evil.test' },
        { kind: 'admin_email', provider: 'google', value: 'boss@example.com' },
      ],
      sign_up: 'open',
      admits_anybody: true,
      allowlist: null,
    })
  })

  test('pages are complete and without repeats, newest first', async () => {
    const before = (await context.get(path)).data.length
    for (let index = 0; index < 7; index += 1)
      await context.done('POST', path, { kind: 'deny_email', value: `page${index}@corp.com` })
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: any = await context.get(`${path}?limit=3${cursor === null ? '' : `&cursor=${cursor}`}`)
      seen.push(...page.data.map(({ id }: any) => id))
      cursor = page.next_cursor
    } while (cursor !== null)
    const all = (await context.get(path)).data
    expect(seen).toEqual(all.map(({ id }: any) => id))
    expect(seen).toHaveLength(before + 7)
    expect(all[0].value).toBe('page6@corp.com')
  })

  test('each change is in the audit trail with its actor; an address is a detail, a domain a fact', async () => {
    const rules = [
      { kind: 'allow_domain', value: 'audited.test' },
      { kind: 'allow_email', value: 'audited@corp.com' },
    ]
    for (const { kind, value } of rules) {
      const { id } = await context.done('POST', path, { kind, value })
      await context.done('DELETE', `${path}/${id}`)
      const isDomain = kind === 'allow_domain'
      for (const action of ['access_rule.created', 'access_rule.deleted']) {
        const [event] = await context.audit(action)
        expect(event).toMatchObject({
          actor: 'master_key',
          target: `rule:${id}`,
          details: { email: isDomain ? null : value, address: '127.0.0.1' },
        })
        expect(event.facts).toEqual({ kind, provider: 'google', ...(isDomain ? { domain: value } : {}) })
      }
    }
    expect(JSON.stringify(await context.gateway.database.rows('SELECT facts FROM audit_events'))).not.toMatch(
      /@/,
    )
  })
})
