import { describe, expect, it } from 'vitest'
import { describeUserAgent } from '../../templates/describe-user-agent.ts'
import { ownKey, retiringKey, showAccount } from './account-examples.tsx'
import { ordinary, show, stoppedKey } from './page-examples.tsx'

describe('the account page', () => {
  it('names the person, the role, the groups and the user id', () => {
    const html = show.account()
    for (const text of ['Ada Lovelace', 'ada@example.com', 'Member', '>ops<', '>usr_1<'])
      expect(html).toContain(text)
    const admin = show.account({ user: { ...ordinary.account.user, role: 'admin', groups: [] } })
    expect(admin).toContain('Administrator')
    expect(admin).not.toContain('Groups')
  })

  it('has a button for each provider that can be added, in one form that holds the token and nothing else', () => {
    const linkable = ['gitlab', 'keycloak'].map((id) => ({ id, label: id.toUpperCase() }))
    const form = /<form[^>]*action="\/account\/identities".*?<\/form>/.exec(show.account({ linkable }))?.[0]
    expect(form?.match(/<input[^>]*>/g)).toEqual([
      '<input type="hidden" name="csrf_token" value="salt.mac"/>',
    ])
    expect(form?.match(/<button type="submit"[^>]*>[^<]*/g)).toEqual([
      '<button type="submit" class="button" name="provider" value="gitlab">Add GITLAB',
      '<button type="submit" class="button" name="provider" value="keycloak">Add KEYCLOAK',
    ])
    expect(show.account({ linkable: [] })).not.toContain('/account/identities')
  })

  it('marks the browser in front of it, and shows each session with its times, exact on hover', () => {
    const [session] = ordinary.account.sessions
    const html = show.account({ sessions: [session!, { ...session!, isThis: false, userAgent: null }] })
    expect(html.match(/This browser/g)).toHaveLength(1)
    expect(html).toContain('Unknown browser')
    expect(html).toMatch(/datetime="2026-11-21T02:37:11.123Z" title="2026-11-21 02:37:11 UTC">[^<]+ ago</)
    expect(html).toContain('192.0.2.7')
  })

  it('says first which key somebody found and stopped, when, from where, and what to do', () => {
    const html = show.account({ stoppedKeys: [stoppedKey] })
    const notice = /<section[^>]*class="slot notice problem".*?<\/section>/s.exec(html)?.[0] ?? ''
    for (const text of ['nightly export', `>${stoppedKey.id}<`, '>3 days ago<', '>203.0.113.7<'])
      expect(notice).toContain(text)
    expect(notice).toContain('href="/account/keys/new"')
    expect(notice).toContain('had leaked')
    expect(html.indexOf('slot notice problem')).toBeLessThan(html.indexOf('Ada Lovelace'))
    expect(show.account()).not.toContain('slot notice problem')
  })

  it('names whose key it was where a service account owned it, and cuts a long list', () => {
    const ofMachine = { ...stoppedKey, href: null, owner: 'deploy bot', address: null }
    const html = show.account({ stoppedKeys: Array.from({ length: 7 }, () => ofMachine) })
    expect(html.match(/ of deploy bot, stopped /g)).toHaveLength(5)
    expect(html).toContain('And 2 more.')
    expect(html).not.toMatch(/stopped <time[^>]*>[^<]*<\/time> from/)
  })

  it('is loaded anew when somebody comes back to it', () => {
    expect(show.account()).toMatch(/<main[^>]* data-secret="true"/)
  })

  it('has one main action: to make a key, else to get one by signing in, else none', () => {
    const main = (html: string) => html.match(/class="button main"[^>]*>[^<]*/g)
    expect(main(show.account())).toEqual(['class="button main" href="/account/keys/new">Make a key'])
    const byHand = { canMakeKey: false }
    expect(main(show.account(byHand))).toEqual(['class="button main" href="/auth/login">Get a new key'])
    expect(main(show.account({ ...byHand, canGetKey: false }))).toBeNull()
  })

  it('lets each other browser be signed out, and not this one', () => {
    const [session] = ordinary.account.sessions
    const html = show.account({ sessions: [session!, { ...session!, id: 'ses_2', isThis: false }] })
    expect(html.match(/action="\/account\/sessions\/[^"]*"/g)).toEqual([
      'action="/account/sessions/ses_2/end"',
    ])
  })

  it('stays under 30 KB with twenty groups, keys of many scopes and a hundred sessions, and still shows the one in front of it', () => {
    const groups = Array.from({ length: 20 }, (_, n) => `group-${n}`)
    const [session] = ordinary.account.sessions
    const sessions = Array.from({ length: 100 }, (_, n) => ({
      ...session!,
      isThis: n === 99,
      userAgent: 'x'.repeat(400),
    }))
    const scopes = Array.from({ length: 64 }, (_, n) => `${n}`.padEnd(64, 's'))
    const keys = Array.from({ length: 5 }, () => ({ ...ownKey, name: 'n'.repeat(100), scopes }))
    const html = show.account({ user: { ...ordinary.account.user, groups }, sessions, keys })
    expect(Buffer.byteLength(html)).toBeLessThan(30_000)
    expect(html).toContain('This browser')
    expect(html).toContain('And 85 more.')
  })
})

describe('the pages of one’s own keys', () => {
  const scopes = Array.from({ length: 64 }, (_, n) => `${n}`.padEnd(64, 's'))
  const main = (html: string) => html.match(/class="button main"/g)?.length ?? 0

  it('stay under 30 KB, however much the keys carry', () => {
    const large = { ...ownKey, name: 'n'.repeat(100), scopes, cutScopes: scopes }
    const refusals = Array.from({ length: 5 }, () => ({ at: new Date(), reason: 'x', address: '192.0.2.7' }))
    for (const html of [
      showAccount.keys({ keys: Array.from({ length: 15 }, () => large), next: 'n'.repeat(80) }),
      showAccount.oneKey({ apiKey: large, refusals, predecessor: retiringKey }),
      showAccount.newKey({ scopes }),
    ])
      expect(Buffer.byteLength(html)).toBeLessThan(30_000)
  })

  it('have one main action at most, and every form of theirs carries the token', () => {
    const pages = [
      showAccount.keys(),
      showAccount.keys({ canMakeKey: false }),
      showAccount.newKey(),
      showAccount.oneKey(),
      showAccount.madeBefore(),
    ]
    expect(pages.map(main)).toEqual([1, 1, 1, 1, 1])
    for (const html of pages)
      for (const [form] of html.matchAll(/<form(?![^>]*"\/auth\/logout").*?<\/form>/g))
        expect(form).toContain('name="csrf_token" value="salt.mac"')
  })

  it('offer of a key what can be done about it: a dead one nothing, a retiring one its end', () => {
    const offers = (apiKey: typeof ownKey) =>
      [...showAccount.oneKey({ apiKey }).matchAll(/action="\/account\/keys\/[^/]+\/([a-z]+)"/g)].map(
        ([, action]) => action,
      )
    expect(offers(ownKey)).toEqual(['rotate', 'revoke'])
    expect(offers(retiringKey)).toEqual(['retire'])
    expect(offers({ ...ownKey, status: 'expired' })).toEqual(['revoke'])
    expect(offers({ ...ownKey, status: 'revoked', revokedAt: new Date() })).toEqual([])
  })

  it('say in an empty list what to do next', () => {
    expect(showAccount.keys({ keys: [] })).toContain('Make one for each script or job')
    expect(showAccount.keys({ keys: [], canMakeKey: false })).toContain('An administrator can make one')
    expect(showAccount.keys({ keys: [], show: 'revoked' })).toContain('None of your keys was revoked.')
  })
})

describe('a user agent', () => {
  const apple = 'AppleWebKit/537.36 (KHTML, like Gecko)'
  it.each([
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
    ['Chrome on Windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${apple} Chrome/143.0 Safari/537.36`],
    ['Edge on Windows', `Mozilla/5.0 (Windows NT 10.0) ${apple} Chrome/143.0 Safari/537.36 Edg/143.0`],
    ['Opera on macOS', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${apple} Chrome/1 Safari/1 OPR/1`],
    ['Safari on macOS', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${apple} Version/26.0 Safari/605`],
    [
      'Safari on an iPhone',
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6) ${apple} Version/26.0 Mobile/1 Safari/6`,
    ],
    ['Chrome on an iPad', `Mozilla/5.0 (iPad; CPU OS 18_6) ${apple} CriOS/143.0 Mobile/15E148 Safari/604.1`],
    ['Chrome on Android', `Mozilla/5.0 (Linux; Android 10; K) ${apple} Chrome/143.0 Mobile Safari/537.36`],
    ['Chrome on ChromeOS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${apple} Chrome/143.0 Safari/537.36`],
  ])('is read as %s', (words, text) => {
    expect(describeUserAgent(text)).toBe(words)
  })

  it.each(['curl/8.5.0', 'Mozilla/5.0 (compatible; Bot/1.0)', 'Chrome/143.0 on Linux', ''])(
    'that names no browser and system stays as it is: %j',
    (text) => {
      expect(describeUserAgent(text)).toBe(text)
    },
  )
})
