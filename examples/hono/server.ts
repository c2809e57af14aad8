import { serve } from '@hono/node-server'
import { createApp } from './app.ts'

const {
  KEYDESK_URL = 'http://localhost:3000',
  KEYDESK_ISSUER,
  AUDIENCES = 'hono',
  PORT = '8000',
} = process.env
const app = createApp({
  url: KEYDESK_URL,
  audiences: AUDIENCES.split(',')
    .map((audience) => audience.trim())
    .filter(Boolean),
  ...(KEYDESK_ISSUER ? { issuer: KEYDESK_ISSUER } : {}),
})
serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ address, port }) => {
  process.stdout.write(`Listens on http://${address}:${port}\n`)
})
