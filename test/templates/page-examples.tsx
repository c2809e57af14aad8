import { AccountPage, type AccountPageProps } from '../../templates/account-page.tsx'
import { FrontPage, type FrontPageProps } from '../../templates/front-page.tsx'
import { KeyPage, type KeyPageProps } from '../../templates/key-page.tsx'
import { renderPage } from '../../templates/layout.tsx'
import { OnwardPage, type OnwardPageProps } from '../../templates/onward-page.tsx'
import { ProblemPage, type ProblemPageProps } from '../../templates/problem-page.tsx'
import { SignInPage, type SignInPageProps } from '../../templates/sign-in-page.tsx'
import { accountFrame, hostileAccountPages, ownKey, plainAccountPages } from './account-examples.tsx'
import { ASSETS, at, HOSTILE, KEY_ID, KEY_TEXT } from './example-texts.ts'

export { ASSETS, HOSTILE, KEY_ID, KEY_TEXT }

const shared = { assets: ASSETS, requestId: 'req_1' }

/** The properties of each page, as they are on an ordinary day. */
export const ordinary = {
  key: {
    ...shared,
    keyText: KEY_TEXT,
    apiKey: { id: KEY_ID, name: 'sso', scopes: ['reports:read'], expiresAt: null, createdAt: at },
    leaseUntil: null,
    owner: { name: 'Ada Lovelace', email: 'ada@example.com' },
    made: 'sign-in',
    baseUrl: 'https://keys.example.com',
    envVariable: 'KEYDESK_API_KEY',
    afterUrl: '/',
  } satisfies KeyPageProps,
  problem: {
    ...shared,
    status: 400,
    code: 'state_expired',
    title: 'Too slow',
    whatHappened: 'It expired.',
    whatToDo: 'Start over.',
    action: { href: '/auth/login', label: 'Start again' },
  } satisfies ProblemPageProps,
  front: {
    ...shared,
    choices: [{ href: '/auth/login', label: 'Sign in with Google' }],
    whoMaySignIn: ['Anyone at example.com.'],
    signedIn: null,
  } satisfies FrontPageProps,
  signIn: {
    ...shared,
    choices: ['Google', 'GitLab'].map((label) => ({
      href: `/auth/login/${label}`,
      label: `Sign in with ${label}`,
    })),
    whoMaySignIn: ['Anyone at example.com.'],
    purpose: 'key',
  } satisfies SignInPageProps,
  account: {
    frame: accountFrame,
    keys: [ownKey],
    hasMoreKeys: false,
    canMakeKey: true,
    leaseUntil: null,
    user: { id: 'usr_1', name: 'Ada Lovelace', email: 'ada@example.com', role: 'member', groups: ['ops'] },
    canGetKey: true,
    identities: [{ provider: 'Google', email: 'ada@example.com', lastSignInAt: at }],
    linkable: [{ id: 'gitlab', label: 'GitLab' }],
    sessions: [
      { id: 'ses_1', isThis: true, userAgent: 'curl/8', address: '192.0.2.7', createdAt: at, lastSeenAt: at },
    ],
    stoppedKeys: [],
  } satisfies AccountPageProps,
  onward: { ...shared, provider: 'GitLab', url: '/of/gitlab' } satisfies OnwardPageProps,
}
/** A key that somebody found. */
export const stoppedKey = {
  id: KEY_ID,
  name: 'nightly export',
  href: `/account/keys/${KEY_ID}`,
  owner: null,
  stoppedAt: at,
  address: '203.0.113.7',
}
const ada = { name: 'Ada Lovelace', email: 'ada@example.com' }

export const show = {
  key: (change: Partial<KeyPageProps> = {}) => renderPage(<KeyPage {...ordinary.key} {...change} />),
  problem: (change: Partial<ProblemPageProps> = {}) =>
    renderPage(<ProblemPage {...ordinary.problem} {...change} />),
  front: (change: Partial<FrontPageProps> = {}) => renderPage(<FrontPage {...ordinary.front} {...change} />),
  signIn: (change: Partial<SignInPageProps> = {}) =>
    renderPage(<SignInPage {...ordinary.signIn} {...change} />),
  account: (change: Partial<AccountPageProps> = {}) =>
    renderPage(<AccountPage {...ordinary.account} {...change} />),
  onward: (change: Partial<OnwardPageProps> = {}) =>
    renderPage(<OnwardPage {...ordinary.onward} {...change} />),
}

export const plainPages: Readonly<Record<string, string>> = {
  'the key page': show.key(),
  'the problem page': show.problem(),
  'the problem page on the callback': show.problem({ clearAddress: '/' }),
  'the problem page of a session': show.problem({ signedIn: true, contact: 'the IT desk' }),
  'the front page': show.front(),
  'the front page without sign-in': show.front({ choices: [] }),
  'the front page of somebody': show.front({ signedIn: ada }),
  'the sign-in page': show.signIn(),
  'the account page': show.account(),
  'the account page with a key that was found': show.account({ stoppedKeys: [stoppedKey] }),
  ...plainAccountPages,
  'the onward page': show.onward(),
}

/** Each text property of each page, hostile in its turn. */
export function hostilePages(): Record<string, string> {
  const H = HOSTILE
  const { key, account } = ordinary
  const [identity] = account.identities
  const [session] = account.sessions
  const each = (page: (change: never) => string, name: string, changes: Record<string, object>) =>
    Object.entries(changes).map(([what, change]) => [`the ${name} page (${what})`, page(change as never)])
  const same = (...names: string[]) => Object.fromEntries(names.map((name) => [name, { [name]: H }]))
  const frame = {
    requestId: { requestId: H },
    'assets.css': { assets: { ...ASSETS, css: H } },
    'assets.js': { assets: { ...ASSETS, js: H } },
  }
  return Object.fromEntries([
    ...each(show.key, 'key', {
      ...frame,
      ...same('keyText', 'baseUrl', 'envVariable'),
      'apiKey.id': { apiKey: { ...key.apiKey, id: H } },
      'apiKey.name': { apiKey: { ...key.apiKey, name: H } },
      'apiKey.scopes': { apiKey: { ...key.apiKey, scopes: [H] } },
      'owner.name': { owner: { ...key.owner, name: H } },
      'owner.email': { owner: { ...key.owner, email: H } },
    }),
    ...each(show.problem, 'problem', {
      ...frame,
      ...same('code', 'title', 'whatHappened', 'whatToDo', 'clearAddress', 'contact', 'signedInAs'),
      'contact as an address': { contact: `"${H}"@x`.replaceAll(/[\s/:]/g, '') },
      'contact as a link': { contact: webAddress },
      action: { action: { href: H, label: H } },
      'action.href': { action: { href: webAddress, label: 'l' } },
    }),
    ...each(show.front, 'front', {
      ...frame,
      choices: { choices: [{ href: H, label: H }] },
      whoMaySignIn: { whoMaySignIn: [H] },
      'signedIn.name': { signedIn: { name: H, email: null } },
      'signedIn.email': { signedIn: { name: null, email: H } },
    }),
    ...each(show.signIn, 'sign-in', {
      ...frame,
      choices: { choices: [{ href: H, label: H }] },
      'choices.href': { choices: [{ href: webAddress, label: 'l' }] },
      whoMaySignIn: { whoMaySignIn: [H] },
      'purpose.host': { purpose: { host: H } },
    }),
    ...Object.entries(hostileAccountPages()),
    ...each(show.account, 'account', {
      'user.id': { user: { ...account.user, id: H } },
      'user.name': { user: { ...account.user, name: H } },
      'user.email': { user: { ...account.user, email: H } },
      'user.groups': { user: { ...account.user, groups: [H] } },
      'identities.provider': { identities: [{ ...identity, provider: H }] },
      'identities.email': { identities: [{ ...identity, email: H }] },
      'linkable.id': { linkable: [{ id: H, label: 'l' }] },
      'linkable.label': { linkable: [{ id: 'i', label: H }] },
      'sessions.userAgent': { sessions: [{ ...session, userAgent: H }] },
      'sessions.address': { sessions: [{ ...session, address: H }] },
      'stoppedKeys.id': { stoppedKeys: [{ ...stoppedKey, id: H }] },
      'stoppedKeys.name': { stoppedKeys: [{ ...stoppedKey, name: H }] },
      'stoppedKeys.owner': { stoppedKeys: [{ ...stoppedKey, href: null, owner: H }] },
      'stoppedKeys.address': { stoppedKeys: [{ ...stoppedKey, address: H }] },
    }),
    ...each(show.onward, 'onward', { ...frame, provider: { provider: H }, url: { url: webAddress } }),
  ])
}

/** What may be linked, and is hostile all the same. */
const webAddress = `https://idp.test/?x="'><script>alert(1)</script><img/src=x/onerror="alert(2)"><!--`
