import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import { type AttemptCookie, isAttemptCookie } from '../domain/sign-in-attempt.ts'

/** `__Host-` wants exactly this: Secure, Path=/, no Domain. Lax, because the provider sends the browser back to us. */
const options: CookieOptions = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' }

/** The cookies of sign-ins that are under way. */
export const attemptCookies = {
  /** By name; those of others are left alone. */
  shown: (c: Context): Map<string, string> =>
    new Map(Object.entries(getCookie(c)).filter(([name]) => isAttemptCookie(name))),

  set: (c: Context, { name, value }: AttemptCookie, maxAge: number): void =>
    setCookie(c, name, value, { ...options, maxAge }),

  drop: (c: Context, name: string): void => setCookie(c, name, '', { ...options, maxAge: 0 }),
}
