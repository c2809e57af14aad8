import type { Context } from 'hono'
import { KeydeskError } from '../domain/errors.ts'
import type { SignInPurpose } from '../domain/sign-in-attempt.ts'
import type { BeginSignIn } from '../services/begin-sign-in.ts'
import type { Provider } from '../sso/provider.ts'
import { attemptCookies } from './attempt-cookies.ts'
import type { AppEnvironment } from './environment.ts'

export type SendToProvider = ReturnType<typeof createSendToProvider>

/** Begins a sign-in at a provider: leaves the cookie of the attempt on the answer, and says where to send the browser. */
export function createSendToProvider(dependencies: {
  providers: readonly Provider[]
  beginSignIn: BeginSignIn
  stateTtlSeconds: number
}) {
  const { providers, beginSignIn, stateTtlSeconds } = dependencies

  /** @throws KeydeskError `not_found` for a provider that there is not, `provider_error` */
  return async function sendToProvider(
    c: Context<AppEnvironment>,
    providerId: string,
    purpose: SignInPurpose,
    choosesAccount = false,
  ): Promise<{ provider: Provider; url: URL }> {
    const provider = providers.find(({ id }) => id === providerId)
    if (provider === undefined) throw noProvider()
    const shown = [...attemptCookies.shown(c)].map(([name, value]) => ({ name, value }))
    const { url, cookie, cookiesToDrop } = await beginSignIn(provider, purpose, shown, choosesAccount)
    for (const name of cookiesToDrop) attemptCookies.drop(c, name)
    attemptCookies.set(c, cookie, stateTtlSeconds)
    return { provider, url }
  }
}

export function noProvider(): KeydeskError {
  return new KeydeskError('not_found', { message: 'No sign-in provider has this name here.' })
}
