import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RawRequest } from '../raw-answer.ts'
import { appHost, type Credential, target } from './credentials.ts'

export const askingProxies = ['nginx', 'caddy'] as const
export type AskingProxy = (typeof askingProxies)[number]

const client = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  Accept: '*/*',
}

/** What a proxy asks of Keydesk, with the headers that the configurations in `deploy` make of this client's request. */
export function questionOf(proxy: AskingProxy, { headers }: Credential): RawRequest {
  const path = `/auth/verify/${proxy}`
  const from = { 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Proto': 'http' }
  if (proxy === 'nginx') {
    const original = { 'X-Original-Method': 'GET', 'X-Original-URL': `http://${appHost}${target}` }
    return { path, headers: { Host: 'keydesk', ...client, ...headers, ...from, ...original } }
  }
  const original = {
    'X-Forwarded-Host': appHost,
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Uri': target,
  }
  return { path, headers: { Host: appHost, ...client, ...headers, ...from, ...original } }
}

/** What a client asks of the app, through whatever stands before it. */
export function callOf({ headers }: Credential): RawRequest {
  return { path: target, headers: { Host: appHost, ...client, ...headers } }
}

/** Writes requests as they are on the wire, for a load generator. */
export function writeRequests(folder: string, name: string, requests: readonly RawRequest[]): string {
  const texts = requests.map(({ path, headers }) => {
    const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}`)
    return `${[`GET ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`
  })
  const file = join(folder, `${name}.requests`)
  writeFileSync(file, JSON.stringify(texts), { mode: 0o600 })
  return file
}
