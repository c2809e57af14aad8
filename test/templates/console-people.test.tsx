import { describe, expect, it } from 'vitest'
import {
  ServiceAccountsPage,
  type ServiceAccountsPageProps,
} from '../../templates/console/service-accounts-page.tsx'
import { UserPage, type UserPageProps } from '../../templates/console/user-page.tsx'
import { UsersPage, type UsersPageProps } from '../../templates/console/users-page.tsx'
import { renderPage } from '../../templates/layout.tsx'
import { ASSETS, HOSTILE as H } from './page-examples.tsx'

const now = new Date('2026-11-21T02:37:11.123Z')
const at = new Date('2026-11-20T02:37:11.123Z')
const frame = { assets: ASSETS, requestId: 'req_1', token: 'token', now, notice: null }
const boss = { id: 'usr_boss', name: 'Boss', email: 'boss@example.com', status: 'active' }
const ada = { id: 'usr_1', name: 'Ada', email: 'ada@example.com', role: 'member', status: 'active' }
const row = { ...ada, groups: ['ops'], liveKeys: 1, lastSignInAt: at }
const account = { id: 'usr_2', name: 'CI', status: 'active', groups: ['ci'], responsible: boss, liveKeys: 2 }
const user = {
  ...ada,
  kind: 'person' as const,
  groups: ['ops'],
  scopeLimit: ['a'],
  version: 3,
  createdAt: at,
}
const machine = { ...user, kind: 'service' as const, email: null }
const key = { id: 'k1', name: 'ci', status: 'active', createdAt: at, lastUsedAt: at, expiresAt: at }
const identity = {
  id: 'idn_1',
  provider: 'google',
  email: 'ada@example.com',
  emailVerified: true,
  lastSignInAt: at,
}
const session = {
  id: 'ses_1',
  isThis: false,
  provider: 'google',
  userAgent: 'curl/8',
  address: '192.0.2.7',
  lastSeenAt: at,
}

const users = (change: Partial<UsersPageProps> = {}) =>
  renderPage(UsersPage({ frame, users: [row], query: {}, next: null, ...change }))
const accounts = (change: Partial<ServiceAccountsPageProps> = {}) =>
  renderPage(
    ServiceAccountsPage({
      frame,
      accounts: [account],
      query: {},
      next: null,
      ownEmail: 'boss@example.com',
      typed: {},
      ...change,
    }),
  )
const one = (change: Partial<UserPageProps> = {}) =>
  renderPage(
    UserPage({
      frame,
      user,
      isYou: false,
      responsible: null,
      answersFor: 2,
      typed: {},
      keys: [key],
      liveKeys: 1,
      stoppedKeys: [],
      identities: [identity, { ...identity, id: 'idn_2' }],
      sessions: [session],
      providers: [{ id: 'google', label: 'Google' }],
      ...change,
    }),
  )

const full = Array.from({ length: 25 }, (_, index) => ({
  ...row,
  id: `usr_${'x'.repeat(15)}${index}`,
  email: `somebody.with.a.long.name.${index}@example.com`,
  groups: ['ops', 'reports', 'ci'],
}))
const pages = {
  'the users': users(),
  'a full page of users': users({ users: full, next: 'c' }),
  'no users': users({ users: [] }),
  'the service accounts': accounts(),
  'no service accounts': accounts({ accounts: [] }),
  'a user': one(),
  'a disabled user': one({ user: { ...user, status: 'disabled' } }),
  'a user with much': one({
    keys: Array.from({ length: 10 }, () => key),
    sessions: Array.from({ length: 10 }, () => session),
  }),
  'whoever looks': one({ isYou: true, sessions: [{ ...session, isThis: true }] }),
  'a service account': one({ user: machine, responsible: boss }),
  'a service account of nobody': one({ user: machine }),
}

const hostile: Record<string, string> = Object.fromEntries(
  [
    ...Object.entries({ id: H, name: H, email: H, role: H, status: H, groups: [H] }).flatMap(
      ([name, value]) => [
        [`users.${name}`, users({ users: [{ ...row, [name]: value }] })],
        [`user.${name}`, one({ user: { ...user, [name]: value } as never })],
        [`machine.${name}`, one({ user: { ...machine, [name]: value } as never })],
      ],
    ),
    ...['search', 'role', 'status', 'cursor'].map((name) => [
      `query.${name}`,
      users({ query: { [name]: H }, next: H }),
    ]),
    ...Object.entries({ id: H, name: H, status: H, groups: [H] }).map(([name, value]) => [
      `accounts.${name}`,
      accounts({ accounts: [{ ...account, [name]: value }] }),
    ]),
    ...['id', 'name', 'email', 'status'].flatMap((name) => {
      const responsible = { ...boss, name: null, [name]: H }
      return [
        [`accounts.responsible.${name}`, accounts({ accounts: [{ ...account, responsible }] })],
        [`responsible.${name}`, one({ user: machine, responsible })],
      ]
    }),
    ['ownEmail', accounts({ ownEmail: H })],
    ['responsible_user_id', accounts({ query: { responsible_user_id: H } })],
    ...['name', 'responsible', 'groups', 'scope_limit'].flatMap((name) => [
      [`accounts.typed.${name}`, accounts({ typed: { [name]: H } })],
      [`typed.${name}`, one({ user: machine, typed: { [name]: H } })],
    ]),
    ['scopeLimit', one({ user: { ...user, scopeLimit: [H] } })],
    ...['id', 'name', 'status'].map((name) => [`keys.${name}`, one({ keys: [{ ...key, [name]: H }] })]),
    ...['id', 'provider', 'email'].map((name) => [
      `identities.${name}`,
      one({ identities: [identity, { ...identity, [name]: H }] }),
    ]),
    ...['id', 'userAgent', 'address'].map((name) => [
      `sessions.${name}`,
      one({ sessions: [{ ...session, [name]: H }] }),
    ]),
    ...['id', 'label'].map((name) => [
      `providers.${name}`,
      one({ providers: [{ id: 'x', label: 'X', [name]: H }] }),
    ]),
    ['token', one({ frame: { ...frame, token: H } })],
    ['notice', one({ frame: { ...frame, notice: { kind: 'problem', text: H } } })],
  ].filter(([name]) => !['users.role', 'user.role', 'machine.role', 'machine.email'].includes(name ?? '')),
)

describe('the pages about people and machines', () => {
  it.each(Object.entries(hostile))('show hostile text in %s as text', (name, html) => {
    expect(html).not.toMatch(/<script>|<img|<!--/i)
    expect(html, name).toMatch(/(&lt;|%3C)script(&gt;|%3E)alert(\(1\)|%281%29)/)
    expect(attributesOf(html)).not.toContainEqual(expect.stringMatching(/^(on|autofocus|style)/))
  })

  it.each(Object.entries(pages))('%s: one heading, one main button at most, under 30 KB', (_, html) => {
    expect(html.match(/<h1>/g)).toHaveLength(1)
    expect(html.match(/class="button main"/g) ?? []).toHaveLength(1)
    expect(Buffer.byteLength(html)).toBeLessThan(30_000)
    expect(html).not.toMatch(/<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|data:/i)
  })

  it.each(Object.entries(pages))(
    '%s: every form that posts carries the token, every id is once',
    (_, html) => {
      const forms = html.split('<form').slice(1)
      for (const form of forms.filter((text) => text.startsWith(' method="post" action="/console')))
        expect(form).toContain('name="csrf_token" value="token"')
      const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
      expect(new Set(ids).size).toBe(ids.length)
    },
  )

  it('a service account has neither accounts at providers nor sessions nor a role to give', () => {
    const html = pages['a service account']
    expect(html).not.toMatch(/How they sign in|Where they are signed in|f-role|Approve/)
    expect(html).toContain('>Boss</a>')
    expect(pages['a service account of nobody']).toContain('Nobody answers for it')
  })

  it('whoever looks at themselves gives up the role behind a question, and not in the form', () => {
    expect(pages['whoever looks']).not.toContain('<select id="f-role"')
    expect(pages['whoever looks']).toContain('Stop being an administrator')
    expect(pages['a user']).not.toContain('Stop being an administrator')
    expect(pages['a user']).toContain('<select id="f-role"')
  })
})

/** The names of all attributes, read from tags only, so that escaped text does not count. */
function attributesOf(html: string): string[] {
  const tags = html.match(/<[a-z](?:[^>"]|"[^"]*")*>/gi) ?? []
  return tags.flatMap((tag) => [...tag.matchAll(/\s([a-z-]+)(?:="[^"]*")?/gi)].map(([, name]) => name ?? ''))
}
