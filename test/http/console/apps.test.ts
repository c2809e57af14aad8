import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formRequest, tokenOf } from '../../support/page-forms.ts'
import { type Console, memberOf, pageAt, sendForm, startConsole, textOf } from './console-context.ts'

const path = '/console/apps'

describe('the apps in the console', () => {
  let desk: Console
  beforeAll(async () => {
    desk = await startConsole()
  })
  afterAll(() => desk.close())

  const apps = async (): Promise<any[]> => (await desk.get('/admin/apps?limit=200')).data
  const send = (to: string, fields: Record<string, string>) => sendForm(desk.ada, `${path}${to}`, fields)
  const fields = (change: Record<string, string> = {}) => ({
    host: 'Reports.example.com',
    path_prefixes: '/a\n/b/',
    groups: 'finance, ops',
    roles: '',
    scopes: 'reports:read',
    methods: 'key',
    note: 'for Ada',
    ...change,
  })
  /** Check boxes of one name come several times. */
  async function sendSeveral(
    to: string,
    change: Record<string, string>,
    methods: string[],
  ): Promise<Response> {
    const csrf_token = tokenOf(await pageAt(desk.ada, `${path}/new`))
    const { methods: _, ...others } = fields(change)
    return desk.ada.fetch(`${path}${to}`, formRequest({ ...others, methods, csrf_token }))
  }

  test('are none at first, and the page says what to do next and what everything else is', async () => {
    const page = await pageAt(desk.ada, path)
    const said = textOf(page)
    expect(said).toContain('No app is listed yet.')
    expect(said).toContain('everybody passes who is signed in or shows a good key')
    expect(said).toContain('UNKNOWN_HOST=deny')
    expect(page).toContain('href="/console/apps/new"')
    expect(page).toMatch(/href="\/console\/apps" aria-current="page"/)
  })

  test('are added by a form in which every proof is chosen at first', async () => {
    const page = await pageAt(desk.ada, `${path}/new`)
    expect(page.match(/type="checkbox"[^>]*checked/g)).toHaveLength(3)
    const added = await sendSeveral('', {}, ['key', 'jwt'])
    expect([added.status, added.headers.get('location')]).toEqual([303, `${path}?done=app_added`])
    expect(await apps()).toMatchObject([
      {
        host: 'reports.example.com',
        path_prefixes: ['/a', '/b'],
        groups: ['finance', 'ops'],
        roles: [],
        scopes: ['reports:read'],
        methods: ['key', 'jwt'],
        note: 'for Ada',
        created_by: `user:${desk.adaId}`,
      },
    ])
    const said = textOf(await pageAt(desk.ada, `${path}?done=app_added`))
    expect(said).toContain('The app is added')
    expect(said).toMatch(
      /reports\.example\.com \/a \/b in finance or ops with reports:read API key, JWT for Ada ada Example/,
    )
    expect((await desk.audit('app.created'))[0]).toMatchObject({ actor: `user:${desk.adaId}` })
  })

  test('that make no sense are 400 with the reason, and what was typed stays, check boxes too', async () => {
    const before = await apps()
    const wrong: [Record<string, string>, string][] = [
      [{ host: 'https://x.test' }, 'must be a host alone'],
      [{ host: '' }, 'must be a host alone'],
      [{ path_prefixes: '/a//b' }, 'must begin with /'],
      [{ scopes: 'keydesk:admin' }, 'begins with keydesk:'],
      [{ groups: 'Finance' }, 'is not a group'],
      [{ roles: 'owner' }, 'roles'],
      [{ note: 'x'.repeat(501) }, 'note'],
      [{ owner: 'x' }, 'owner'],
      [{ version: '1' }, 'version'],
    ]
    for (const [change, reason] of wrong) {
      const response = await sendSeveral('', { note: 'stays', ...change }, ['session', 'key'])
      expect(response.status, reason).toBe(400)
      const page = await response.text()
      expect(textOf(page)).toContain('That was not done.')
      expect(textOf(page)).toContain(reason)
      if (change.note === undefined) expect(page).toContain('value="stays"')
      expect(page.match(/type="checkbox"[^>]*checked/g)).toHaveLength(2)
    }
    const { methods: _, ...none } = fields()
    const page = await (await send('', none)).text()
    expect(textOf(page)).toContain('names no way to prove')
    expect(page).not.toMatch(/type="checkbox"[^>]*checked/)
    expect(await apps()).toEqual(before)
  })

  test('of the same path are 409 on the page with the form', async () => {
    const response = await send('', fields({ path_prefixes: '/B' }))
    expect(response.status).toBe(409)
    const page = await response.text()
    expect(textOf(page)).toMatch(/The app app_\w+ is about \/B of reports\.example\.com already/)
    expect(page).toContain('/B</textarea>')
  })

  test('that nobody could reach are refused', async () => {
    const response = await send('', fields({ host: 'new.example.com', methods: 'session' }))
    expect(response.status).toBe(400)
    expect(textOf(await response.text())).toContain('nobody could come in')
  })

  test('are changed as they were seen, and what somebody else changed meanwhile is shown', async () => {
    const [{ id }] = await apps()
    const page = await pageAt(desk.ada, `${path}/${id}`)
    for (const text of [
      'value="reports.example.com"',
      '/a\n/b</textarea>',
      'value="finance ops"',
      'value="for Ada"',
    ])
      expect(page).toContain(text)
    const changed = await send(`/${id}`, fields({ version: '1', groups: '', roles: 'admin', note: '' }))
    expect([changed.status, changed.headers.get('location')]).toEqual([303, `${path}/${id}?done=app_changed`])
    const after = { groups: [], roles: ['admin'], note: null, methods: ['key'], version: 2 }
    expect(await apps()).toMatchObject([after])
    expect(textOf(await pageAt(desk.ada, `${path}/${id}?done=app_changed`))).toContain(
      'The change is in force.',
    )

    const late = await send(`/${id}`, fields({ version: '1', note: 'late' }))
    expect(late.status).toBe(412)
    const shown = await late.text()
    expect(textOf(shown)).toContain('This was changed since you read it.')
    expect(shown).not.toContain('value="late"')
    expect(shown).toContain('name="version" value="2"')
    const wrong = await send(`/${id}`, fields({ version: '2', host: '*.test' }))
    expect(wrong.status).toBe(400)
    expect(await wrong.text()).toContain('value="*.test"')
    expect(await apps()).toMatchObject([after])
  })

  test('of the same host lead to each other', async () => {
    const [{ id, host }] = await apps()
    const whole = await desk.done('POST', '/admin/apps', { host })
    const page = await pageAt(desk.ada, `${path}/${id}`)
    expect(textOf(page)).toContain('the whole host')
    expect(page).toContain(`href="${path}/${whole.id}"`)
    expect(await pageAt(desk.ada, `${path}/${whole.id}`)).toContain(`href="${path}/${id}"`)
    await desk.done('DELETE', `/admin/apps/${whole.id}`)
  })

  test('are removed behind a question that says what happens then', async () => {
    const [{ id }] = await apps()
    const page = await pageAt(desk.ada, `${path}/${id}`)
    expect(textOf(page)).toContain('Nothing is said of this host then: everybody passes')
    expect((await send(`/${id}/delete`, { version: '1' })).status).toBe(412)
    expect(await apps()).toHaveLength(1)
    const removed = await send(`/${id}/delete`, { version: '2' })
    expect([removed.status, removed.headers.get('location')]).toEqual([303, `${path}?done=app_removed`])
    expect(await apps()).toEqual([])
    expect((await desk.ada.fetch(`${path}/${id}`)).status).toBe(404)
    expect((await send(`/${id}/delete`, { version: '2' })).status).toBe(404)
  })

  test('are not touched without the token of the session, from another site, or by a member', async () => {
    const { id } = await desk.done('POST', '/admin/apps', { host: 'safe.example.com' })
    const before = await apps()
    const mel = await memberOf(desk)
    for (const [to, sent] of [
      ['', fields()],
      [`/${id}`, fields({ version: '1' })],
      [`/${id}/delete`, { version: '1' }],
    ] as const) {
      expect((await send(to, { ...sent, csrf_token: 'x' })).status).toBe(403)
      const foreign = await sendForm(desk.ada, `${path}${to}`, sent, { 'sec-fetch-site': 'cross-site' })
      expect(foreign.status).toBe(403)
      expect((await sendForm(mel, `${path}${to}`, { ...sent, csrf_token: 'x' })).status).toBe(403)
    }
    for (const page of ['', '/new', `/${id}`]) expect((await mel.fetch(`${path}${page}`)).status).toBe(403)
    expect(await apps()).toEqual(before)
    await desk.done('DELETE', `/admin/apps/${id}`)
  })

  test('show hostile text as text', async () => {
    const note = '"><script>alert(1)</script>'
    expect(await (await send('', fields({ note, host: '<b>' }))).text()).not.toContain('<script>alert')
    const { id } = await desk.done('POST', '/admin/apps', { host: 'x.example.com', note })
    for (const to of ['', `/${id}`])
      expect(await pageAt(desk.ada, `${path}${to}`)).not.toContain('<script>alert')
    await desk.done('DELETE', `/admin/apps/${id}`)
  })

  test('come in pages that stay small, and a query that makes no sense is 400', async () => {
    const note = 'n'.repeat(300)
    const long = { path_prefixes: Array.from({ length: 50 }, (_, n) => `/reports/of/the/year/${n}`), note }
    const groups = ['finance', 'engineering', 'operations']
    for (let n = 0; n < 21; n += 1)
      await desk.done('POST', '/admin/apps', {
        host: `app-with-a-name-${n}.corp.example.com`,
        ...long,
        groups,
      })
    const page = await pageAt(desk.ada, path)
    expect(Buffer.byteLength(page)).toBeLessThan(30_000)
    expect(textOf(page)).toContain('and 45 more')
    const next = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect(textOf(await pageAt(desk.ada, next))).toContain('Back to the beginning')
    for (const wrong of ['?cursor=x', '?done=hacked', '?x=1', '?limit=9', '/new?x=1', '/new?done=app_added'])
      expect((await desk.ada.fetch(`${path}${wrong}`)).status, wrong).toBe(400)
  })
})

test('the page says that every other host is closed where UNKNOWN_HOST is deny', async () => {
  const desk = await startConsole({ UNKNOWN_HOST: 'deny' })
  try {
    expect(textOf(await pageAt(desk.ada, path))).toContain('at a host that is not listed here, nobody passes')
    const { id } = await desk.done('POST', '/admin/apps', { host: 'x.example.com' })
    expect(textOf(await pageAt(desk.ada, `${path}/${id}`))).toContain('and nobody passes')
  } finally {
    await desk.close()
  }
})
