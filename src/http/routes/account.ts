import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { KeydeskError } from '../../domain/errors.ts'
import { listSessions } from '../../services/list-sessions.ts'
import { requireRecentSession } from '../../services/require-recent-session.ts'
import type { Storage } from '../../storage/storage.ts'
import { type ReadSession, requireSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireSameOrigin } from '../middleware/refuse-cross-site.ts'
import type { Pages } from '../pages.ts'
import { noProvider, type SendToProvider } from '../send-to-provider.ts'
import { pageAnswer, problemAnswers } from '../wire/answers.ts'

const security = [{ session: [] }]

const account = createRoute({
  method: 'get',
  path: '/account',
  summary: 'The account page',
  security,
  request: { query: z.strictObject({}) },
  responses: {
    200: pageAnswer('What Keydesk knows of whoever is signed in.'),
    303: { description: 'Nobody is signed in: to sign in, and back.' },
    ...problemAnswers('user_disabled', 'owner_not_allowed'),
  },
})

const link = createRoute({
  method: 'post',
  path: '/account/identities',
  summary: 'Begin to add an account at another provider',
  security,
  request: { query: z.strictObject({}) },
  responses: {
    200: pageAnswer('On to the provider.'),
    ...problemAnswers(
      'unauthenticated',
      'user_disabled',
      'owner_not_allowed',
      'forbidden',
      'not_found',
      'too_large',
      'unsupported_media_type',
      'rate_limited',
      'provider_error',
    ),
  },
})

export function accountRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    readSession: ReadSession
    /** Null where sign-in is off. */
    sendToProvider: SendToProvider | null
    pages: Pages
    baseUrl: string
    idleSecondsMax: number
    now: () => Date
  },
): void {
  const { storage, readSession, sendToProvider, pages, baseUrl, idleSecondsMax, now } = dependencies

  app.openapi(account, async (c) => {
    const reading = await readSession(c)
    if (reading.outcome === 'none' && sendToProvider !== null)
      return c.redirect('/auth/login?return_to=/account', 303)
    const current = requireSession(reading)
    const sessions = await listSessions(storage, current.user.id, { idleSecondsMax, now: now() })
    return c.html(pages.account(current, sessions, c.get('requestId')), 200)
  })

  app.openapi(link, async (c) => {
    const { session, user } = requireSession(await readSession(c))
    requireSameOrigin(c, baseUrl)
    requireRecentSession(session, now())
    const providerId = await readProvider(c.req.raw)
    if (sendToProvider === null) throw noProvider()
    const { provider, url } = await sendToProvider(c, providerId, {
      kind: 'link',
      sessionId: session.id,
      userId: user.id,
    })
    return c.html(pages.onward(provider, url, c.get('requestId')), 200)
  })
}

/** The one field of the form. @throws KeydeskError `unsupported_media_type`, `invalid_request` */
async function readProvider(request: Request): Promise<string> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    throw new KeydeskError('unsupported_media_type', { message: 'Send the form of the account page.' })
  }
  const fields = [...new URLSearchParams(await request.text())]
  const [name, provider] = fields[0] ?? []
  if (fields.length === 1 && name === 'provider' && provider !== undefined) return provider
  throw new KeydeskError('invalid_request', { message: 'The form has one field, provider.' })
}
