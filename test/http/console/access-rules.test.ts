import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { person } from '../admin/people-context.ts'
import { type Console, memberOf, pageAt, sendForm, startConsole, textOf } from './console-context.ts'

const path = '/console/access-rules'

describe('the access rules in the console', () => {
  let desk: Console
  beforeAll(async () => {
    desk = await startConsole({ DENIED_EMAILS: 'spy@example.com', ALLOWED_EMAILS: 'guest@partner.test' })
    await desk.keyOf(person('mel'))
  })
  afterAll(() => desk.close())

  const rules = async (): Promise<any[]> => (await desk.get('/admin/access-rules')).data
  const send = (to: string, fields: Record<string, string>) => sendForm(desk.ada, `${path}${to}`, fields)
  const rule = (change: Record<string, string> = {}) => ({
    kind: 'deny_email',
    provider: '*',
    value: 'mel@example.com',
    note: 'left',
    ...change,
  })

  test('come from every source, and those of the settings cannot be removed here', async () => {
    const page = await pageAt(desk.ada, path)
    const said = textOf(page)
    for (const text of [
      'allow everybody at example.com',
      'allow guest@partner.test',
      'deny spy@example.com every one',
      'admin ada@example.com',
      'No rule was made here yet.',
    ])
      expect(said).toContain(text)
    expect(page).not.toContain('/remove')
  })

  test('change nothing before somebody has seen what a rule would do, and said yes', async () => {
    const preview = await send('/preview', rule())
    expect(preview.status).toBe(200)
    const page = await preview.text()
    const said = textOf(page)
    expect(said).toContain('Add this rule?')
    expect(said).toContain('One person is cut off at once, with one live key. Nothing has been changed yet.')
    expect(said).toContain('mel Example mel@example.com 1')
    expect(said).not.toContain('You are among them.')
    expect(await rules()).toEqual([])
    const fields = Object.fromEntries(
      [...page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
        name ?? '',
        value ?? '',
      ]),
    )
    expect(fields).toMatchObject(rule())
    const added = await sendForm(desk.ada, path, fields)
    expect([added.status, added.headers.get('location')]).toEqual([303, `${path}?done=rule_added`])
    expect(await rules()).toMatchObject([{ ...rule(), created_by: `user:${desk.adaId}` }])
    const listed = textOf(await pageAt(desk.ada, `${path}?done=rule_added`))
    expect(listed).toContain('Done. The rule is in force.')
    expect(listed).toMatch(/deny mel@example\.com every one left ada Example/)
    expect((await desk.audit('access_rule.created'))[0]).toMatchObject({ actor: `user:${desk.adaId}` })
  })

  test('that are there already are refused with the reason, and what was typed stays', async () => {
    const again = await send('', rule())
    expect(again.status).toBe(409)
    const page = await again.text()
    expect(textOf(page)).toContain('That was not done. This rule is there already.')
    expect(page).toContain('value="mel@example.com"')
    expect(await rules()).toHaveLength(1)
  })

  test('are removed the same way: first who would be let in again, then the change', async () => {
    const [{ id }] = await rules()
    const said = textOf(await pageAt(desk.ada, `${path}/${id}/remove`))
    expect(said).toContain('Remove this rule?')
    expect(said).toContain('One person is let in again who may not come in now.')
    expect(await rules()).toHaveLength(1)
    const removed = await send(`/${id}/remove`, {})
    expect([removed.status, removed.headers.get('location')]).toEqual([303, `${path}?done=rule_removed`])
    expect(await rules()).toEqual([])
    expect((await desk.ada.fetch(`${path}/${id}/remove`)).status).toBe(404)
    expect((await send(`/${id}/remove`, {})).status).toBe(404)
  })

  test('warn an admin who would cut off themselves', async () => {
    const preview = await send('/preview', rule({ value: 'ada@example.com' }))
    expect(textOf(await preview.text())).toContain('You are among them.')
  })

  test.each<[string, Record<string, string>, string]>([
    ['no domain', { kind: 'allow_domain', provider: 'google', value: '*.example.com' }, 'value: '],
    ['no address', { kind: 'allow_email', provider: 'google', value: 'nobody' }, 'value: '],
    ['an allow rule for every provider', { kind: 'allow_email' }, 'provider: '],
    ['an unknown provider', { provider: 'gitlab' }, 'provider: '],
    ['an unknown kind', { kind: 'allow_all' }, 'kind: '],
    ['an unknown field', { role: 'admin' }, 'role'],
    ['a note that is too long', { note: 'x'.repeat(501) }, 'note: '],
    ['a note that cannot be stored', { note: 'a\u0000b' }, 'note: '],
  ])('that make no sense (%s) are 400 with the reason, and change nothing', async (_, change, reason) => {
    for (const to of ['/preview', '']) {
      const response = await send(to, rule(change))
      expect(response.status).toBe(400)
      expect(textOf(await response.text())).toContain(`That was not done. `)
      expect(textOf(await (await send(to, rule(change))).text())).toContain(reason)
    }
    expect(await rules()).toEqual([])
  })

  test('are not changed without the token of the session, from another site, or by a member', async () => {
    const mel = await memberOf(desk)
    for (const to of ['', '/preview', '/rul_none/remove']) {
      expect((await send(to, { ...rule(), csrf_token: 'x' })).status).toBe(403)
      const foreign = await sendForm(desk.ada, `${path}${to}`, rule(), { 'sec-fetch-site': 'cross-site' })
      expect(foreign.status).toBe(403)
      expect((await sendForm(mel, `${path}${to}`, { ...rule(), csrf_token: 'x' })).status).toBe(403)
    }
    expect((await mel.fetch(path)).status).toBe(403)
    expect(await rules()).toEqual([])
  })

  test('show hostile text as text', async () => {
    const note = '"><script>alert(1)</script>'
    const preview = await send('/preview', rule({ value: 'x@corp.test', note }))
    expect(await preview.text()).not.toContain('<script>alert')
    expect((await send('', rule({ value: 'x@corp.test', note }))).status).toBe(303)
    const page = await pageAt(desk.ada, path)
    expect(page).toContain('&lt;script&gt;alert(1)')
    expect(page).not.toContain('<script>alert')
  })

  test('come in pages, and a query that makes no sense is 400', async () => {
    for (let n = 0; n < 26; n += 1)
      await desk.done('POST', '/admin/access-rules', { kind: 'deny_email', value: `n${n}@corp.test` })
    const page = await pageAt(desk.ada, path)
    expect(Buffer.byteLength(page)).toBeLessThan(30_000)
    const next = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(textOf(await pageAt(desk.ada, next))).toContain('Back to the beginning')
    for (const wrong of ['?cursor=x', '?done=hacked', '?x=1', '?limit=9'])
      expect((await desk.ada.fetch(`${path}${wrong}`)).status, wrong).toBe(400)
  })
})

test('the page says when anybody may come in, and that the first rule ends it', async () => {
  const desk = await startConsole({ ALLOWED_DOMAINS: '', SIGN_UP: 'open' })
  try {
    const said = textOf(await pageAt(desk.ada, path))
    expect(said).toContain('Any verified account may come in now')
  } finally {
    await desk.close()
  }
})
