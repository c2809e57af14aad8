import { Hono } from 'hono'
import { keydesk } from './keydesk.ts'
import { keydeskJwt } from './keydesk-jwt.ts'

/** The service without its port. */
export function createApp(settings: { url: string; issuer?: string; audiences: readonly string[] }) {
  const byJwt = keydeskJwt(settings)
  return new Hono()
    .get('/key/reports', keydesk({ url: settings.url, scopes: ['reports:read'] }), (c) =>
      c.json(c.get('caller')),
    )
    .get('/jwt/me', byJwt(), (c) => c.json(c.get('caller')))
    .get('/jwt/reports', byJwt({ scopes: ['reports:read'] }), (c) => c.json(c.get('caller')))
    .get('/jwt/admin', byJwt({ roles: ['admin'] }), (c) => c.json(c.get('caller')))
}
