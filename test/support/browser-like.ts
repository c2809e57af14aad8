import type { TestGateway } from './gateway.ts'

/** A browser as far as sign-in needs one: it keeps cookies and follows nothing by itself. */
export interface CookieJar {
  readonly cookies: Map<string, string>
  fetch(path: string, init?: RequestInit): Promise<Response>
}

export function createCookieJar(gateway: Pick<TestGateway, 'fetch'>): CookieJar {
  const cookies = new Map<string, string>()
  return {
    cookies,
    async fetch(path, init = {}) {
      const headers = new Headers(init.headers)
      if (cookies.size > 0)
        headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
      const response = await gateway.fetch(path, { ...init, headers })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (/max-age=0/i.test(line)) cookies.delete(name)
        else cookies.set(name, value)
      }
      return response
    },
  }
}

/** The path and query of a URL of the gateway, as `fetch` wants it. */
export function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** The key text that a key page shows, or null. */
export function keyTextOn(page: string): string | null {
  return /\b[a-z]{2,10}_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}[0-9a-f]{16}\b/.exec(page)?.[0] ?? null
}
