import type { Context } from 'hono'
import { setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import type { AppEnvironment } from './environment.ts'

/** Opens Keydesk itself, and is sent to no other host. */
const sessionCookie = '__Host-keydesk'
/** For apps on sibling subdomains: it opens nothing of Keydesk but `/auth/verify/*`. */
const appCookie = '__Secure-keydesk-app'
const always: CookieOptions = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' }

export interface SessionCookies {
  /**
   * The value that a browser shows; undefined where it shows none, or two, of which nobody knows which is right, and where
   * a page of another site asks.
   */
  shown(c: Context<AppEnvironment>): string | undefined
  set(c: Context<AppEnvironment>, secret: string, appSecret: string | null): void
  /** The same names, paths and domains, expired. */
  clear(c: Context<AppEnvironment>): void
}

/**
 * The same for `/auth/verify/*`, which alone may read the cookie for apps. `cookie` is the header as one text.
 */
export function cookiesForApps(cookie: string | undefined): {
  session: string | undefined
  app: string | undefined
} {
  if (cookie === undefined) return { session: undefined, app: undefined }
  return { session: onlyValue(cookie, sessionCookie), app: onlyValue(cookie, appCookie) }
}

function onlyValue(cookies: string, name: string): string | undefined {
  if (!cookies.includes(`${name}=`)) return undefined
  const named = cookies
    .split(';')
    // Only what browsers strip: to `trim` a no-break space is nothing, to a browser it is another name without our prefix.
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
  return named.length === 1 ? named[0]?.slice(name.length + 1) : undefined
}

/** The cookies of a session. They live as long as a session can, in seconds; the server ends it earlier. */
export function createSessionCookies(options: {
  maxAge: number
  domain: string | undefined
}): SessionCookies {
  const { maxAge, domain } = options
  const appOptions = { ...always, ...(domain === undefined ? {} : { domain }) }
  return {
    shown(c) {
      if (c.get('isOtherSite') === true) return undefined
      return onlyValue(c.req.header('cookie') ?? '', sessionCookie)
    },

    set(c, secret, appSecret) {
      setCookie(c, sessionCookie, secret, { ...always, maxAge })
      if (appSecret !== null) setCookie(c, appCookie, appSecret, { ...appOptions, maxAge })
    },

    clear(c) {
      setCookie(c, sessionCookie, '', { ...always, maxAge: 0 })
      if (domain !== undefined) setCookie(c, appCookie, '', { ...appOptions, maxAge: 0 })
    },
  }
}
