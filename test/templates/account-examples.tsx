import type { AccountFrame } from '../../templates/account/account-layout.tsx'
import type { OwnKeyDetails } from '../../templates/account/key-cards.tsx'
import { KeysPage, type KeysPageProps } from '../../templates/account/keys-page.tsx'
import { MadeBeforePage, type MadeBeforePageProps } from '../../templates/account/made-before-page.tsx'
import { NewKeyPage, type NewKeyPageProps } from '../../templates/account/new-key-page.tsx'
import { OneKeyPage, type OneKeyPageProps } from '../../templates/account/one-key-page.tsx'
import { renderPage } from '../../templates/layout.tsx'
import { ASSETS, at, HOSTILE, KEY_ID } from './example-texts.ts'

export const accountFrame: AccountFrame = {
  assets: ASSETS,
  requestId: 'req_1',
  token: 'salt.mac',
  now: new Date(at.getTime() + 3 * 86_400_000),
  notice: null,
  isAdmin: false,
}

export const ownKey: OwnKeyDetails = {
  id: KEY_ID,
  name: 'nightly export',
  status: 'active',
  scopes: ['reports:read'],
  cutScopes: [],
  allowedAddresses: null,
  createdThrough: 'self-service',
  createdAt: at,
  expiresAt: new Date(at.getTime() + 90 * 86_400_000),
  revokedAt: null,
  revokedReason: null,
  retiresAt: null,
  lastUsedAt: new Date(at.getTime() + 86_400_000),
  lastAddress: '192.0.2.7',
  lastUserAgent: 'curl/8.5.0',
}
export const retiringKey: OwnKeyDetails = {
  ...ownKey,
  id: '0ldKey0ldKey',
  status: 'retiring',
  retiresAt: new Date(at.getTime() + 30 * 86_400_000),
}

const keys: KeysPageProps = {
  frame: accountFrame,
  show: 'live',
  keys: [ownKey],
  cursor: '',
  next: null,
  canMakeKey: true,
  canSignIn: true,
}
const newKey: NewKeyPageProps = {
  frame: accountFrame,
  once: '0123456789abcdefghij',
  typed: { name: '', lifetime: '90', scopes: ['reports:read'] },
  lifetimes: [7, 30, 90, 365],
  scopes: ['reports:read', 'reports:write'],
}
const oneKey: OneKeyPageProps = {
  frame: accountFrame,
  apiKey: ownKey,
  successor: null,
  predecessor: null,
  refusals: [{ at, reason: 'insufficient_scope', address: '192.0.2.7' }],
  once: '0123456789abcdefghij',
}
const madeBefore: MadeBeforePageProps = { frame: accountFrame, apiKey: ownKey }

export const showAccount = {
  keys: (change: Partial<KeysPageProps> = {}) => renderPage(<KeysPage {...keys} {...change} />),
  newKey: (change: Partial<NewKeyPageProps> = {}) => renderPage(<NewKeyPage {...newKey} {...change} />),
  oneKey: (change: Partial<OneKeyPageProps> = {}) => renderPage(<OneKeyPage {...oneKey} {...change} />),
  madeBefore: (change: Partial<MadeBeforePageProps> = {}) =>
    renderPage(<MadeBeforePage {...madeBefore} {...change} />),
}

export const plainAccountPages: Readonly<Record<string, string>> = {
  'the page of keys': showAccount.keys(),
  'the page of keys without one': showAccount.keys({ keys: [] }),
  'the page that makes a key': showAccount.newKey(),
  'the page of one key': showAccount.oneKey(),
  'the page of a retiring key': showAccount.oneKey({ apiKey: retiringKey, successor: ownKey }),
  'the page of a successor': showAccount.oneKey({ predecessor: retiringKey }),
  'the page of a key that was made before': showAccount.madeBefore(),
}

/** Each text property of each page of an account, hostile in its turn. */
export function hostileAccountPages(): Record<string, string> {
  const H = HOSTILE
  const key = (change: Partial<OwnKeyDetails>): OwnKeyDetails => ({ ...ownKey, ...change })
  const frames: Record<string, AccountFrame> = {
    requestId: { ...accountFrame, requestId: H },
    token: { ...accountFrame, token: H },
    notice: { ...accountFrame, notice: { kind: 'problem', text: H } },
    'assets.css': { ...accountFrame, assets: { ...ASSETS, css: H } },
  }
  const framed = Object.entries(frames).flatMap(([what, frame]) =>
    Object.entries(showAccount)
      .filter(([page]) => what !== 'token' || page === 'newKey' || page === 'oneKey')
      .map(([page, show]) => [`the account’s ${page} page (${what})`, show({ frame })]),
  )
  return {
    ...Object.fromEntries(framed),
    'a card of a key (id)': showAccount.keys({ keys: [key({ id: H })] }),
    'a card of a key (name)': showAccount.keys({ keys: [key({ name: H })] }),
    'a card of a key (scopes)': showAccount.keys({ keys: [key({ scopes: [H] })] }),
    'the page of keys (next)': showAccount.keys({ next: H, keys: [key({ name: H })] }),
    'the form of a key (typed name)': showAccount.newKey({ typed: { name: H, lifetime: H, scopes: [H] } }),
    'the form of a key (scopes)': showAccount.newKey({ scopes: [H] }),
    'the form of a key (once)': showAccount.newKey({ once: H }),
    'the page of one key (name)': showAccount.oneKey({ apiKey: key({ name: H }) }),
    'the page of one key (id)': showAccount.oneKey({ apiKey: key({ id: H }) }),
    'the page of one key (scopes)': showAccount.oneKey({ apiKey: key({ scopes: [H], cutScopes: [H] }) }),
    'the page of one key (addresses)': showAccount.oneKey({ apiKey: key({ allowedAddresses: [H] }) }),
    'the page of one key (last address)': showAccount.oneKey({ apiKey: key({ lastAddress: H }) }),
    'the page of one key (last agent)': showAccount.oneKey({ apiKey: key({ lastUserAgent: H }) }),
    'the page of one key (reason)': showAccount.oneKey({
      apiKey: key({ status: 'revoked', revokedAt: at, revokedReason: H }),
    }),
    'the page of one key (successor)': showAccount.oneKey({
      apiKey: { ...retiringKey, lastUserAgent: H },
      successor: key({ id: H }),
    }),
    'the page of one key (predecessor)': showAccount.oneKey({ predecessor: { ...retiringKey, id: H } }),
    'the page of one key (refusals)': showAccount.oneKey({ refusals: [{ at, reason: H, address: H }] }),
    'the page of a key that was made before (name)': showAccount.madeBefore({ apiKey: { id: H, name: H } }),
  }
}
