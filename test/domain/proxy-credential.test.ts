import { describe, expect, test } from 'vitest'
import { createChooseCredential, type ShownCredentials } from '../../src/domain/proxy-credential.ts'

const issuer = 'https://keys.example.com'
const choose = createChooseCredential({ keyPrefix: 'kd', issuer })
const key = `kd_${'a'.repeat(12)}_${'B'.repeat(43)}${'0'.repeat(16)}`
const jwtOf = (payload: object) =>
  ['{"alg":"ES256"}', JSON.stringify(payload), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
const ownJwt = jwtOf({ iss: issuer, aud: 'https://app.example.com', sub: 'usr_1' })

const shown = (what: Partial<ShownCredentials>): ShownCredentials => ({
  apiKeys: [],
  authorizations: [],
  sessionCookie: undefined,
  appCookie: undefined,
  query: '',
  ...what,
})
const kindOf = (what: Partial<ShownCredentials>) => choose(shown(what)).kind

describe('the one credential of a request', () => {
  test('is the first of these that is shown: X-API-Key, Authorization, the session, the session for apps', () => {
    const cookies = { sessionCookie: 's', appCookie: 'a' }
    expect(choose(shown({ apiKeys: [key], ...cookies }))).toEqual({ kind: 'key', text: key })
    expect(choose(shown({ authorizations: [`Bearer ${key}`], ...cookies }))).toEqual({
      kind: 'key',
      text: key,
    })
    expect(choose(shown({ authorizations: [`Bearer ${ownJwt}`], ...cookies }))).toEqual({
      kind: 'jwt',
      text: ownJwt,
    })
    expect(choose(shown(cookies))).toEqual({ kind: 'session', text: 's' })
    expect(choose(shown({ appCookie: 'a' }))).toEqual({ kind: 'app_session', text: 'a' })
    expect(choose(shown({}))).toEqual({ kind: 'none' })
  })

  test('is X-API-Key even where that is empty or garbage: nothing else counts then', () => {
    for (const apiKey of ['', 'x', 'null', `${key}x`])
      expect(choose(shown({ apiKeys: [apiKey], sessionCookie: 's' }))).toEqual({ kind: 'key', text: apiKey })
  })

  test.each([
    'Basic YTpi',
    'Bearer',
    'Bearer ',
    'Bearer x',
    'Bearer gho_16C7e42F292c6912E7710c838347Ae178B4a',
    `Bearer ${jwtOf({ iss: 'https://other.example.com' })}`,
    `Bearer ${jwtOf({ iss: `${issuer}.evil.test`, aud: 'x' })}`,
    `Bearer ${jwtOf({ iss: `${issuer}/`, aud: 'x' })}`,
    `Bearer ${jwtOf({ aud: issuer })}`,
    'Bearer a.b.c',
    'Bearer ..',
    `Token ${key}`,
    'Digest username="kd_x"',
    '',
  ])('is never the Authorization of the app itself: %s', (authorization) => {
    expect(kindOf({ authorizations: [authorization] })).toBe('none')
    expect(kindOf({ authorizations: [authorization], sessionCookie: 's' })).toBe('session')
    expect(kindOf({ authorizations: [authorization], apiKeys: [key] })).toBe('key')
    expect(kindOf({ authorizations: [authorization, authorization], sessionCookie: 's' })).toBe('session')
  })

  test.each([
    `Bearer ${key}`,
    `bearer   ${key}`,
    'Bearer kd_',
    'Bearer kd_garbage',
    `Bearer ${key.replace('kd', 'old')}`,
    `Bearer ${key}, Bearer ${key}`,
  ])('is a key where Authorization holds what looks like one of ours: %s', (authorization) => {
    expect(kindOf({ authorizations: [authorization], sessionCookie: 's' })).toBe('key')
  })

  test.each([
    jwtOf({ aud: 'x', iss: issuer }),
    jwtOf({ iss: issuer }),
    jwtOf({ iss: issuer, aud: 'x' }).replace(/\.[^.]*$/, '.'),
    jwtOf({ iss: issuer, aud: 'x' }).replace(/^[^.]*/, Buffer.from('{"alg":"none"}').toString('base64url')),
  ])('is a JWT where it says that it is ours, in whatever order and with whatever signature', (jwt) => {
    expect(kindOf({ authorizations: [`Bearer ${jwt}`], sessionCookie: 's' })).toBe('jwt')
  })

  test('is bad where two are shown', () => {
    expect(kindOf({ apiKeys: [key, key] })).toBe('bad')
    expect(kindOf({ apiKeys: [key], authorizations: [`Bearer ${key}`] })).toBe('bad')
    expect(kindOf({ apiKeys: [''], authorizations: [`Bearer ${ownJwt}`] })).toBe('bad')
    expect(kindOf({ authorizations: [`Bearer ${key}`, `Bearer ${key}`] })).toBe('bad')
    expect(kindOf({ authorizations: ['Basic YTpi', `Bearer ${key}`], sessionCookie: 's' })).toBe('bad')
  })

  test('is bad where a key is in the URL, whatever else is shown', () => {
    for (const query of [`?key=${key}`, `?a=b&${key}`])
      expect(kindOf({ query, apiKeys: [key], sessionCookie: 's' })).toBe('bad')
    expect(kindOf({ query: '?a=b', sessionCookie: 's' })).toBe('session')
  })
})
