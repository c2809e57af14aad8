import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import type { Assets } from '../../templates/layout.tsx'
import type { AppEnvironment } from './environment.ts'

const folder = new URL('../../templates/assets/', import.meta.url)
const forEver = 'public, max-age=31536000, immutable'
const aDay = 'public, max-age=86400'

/** Serves the style sheet, the script and the icon, each read once at start, and answers where the pages find them. */
export function serveAssets(app: Hono<AppEnvironment>): Assets {
  serve('/assets/favicon.svg', read('favicon.svg'), 'image/svg+xml', aDay)
  return {
    css: serveHashed('keydesk', 'css', 'text/css; charset=utf-8'),
    js: serveHashed('keydesk', 'js', 'text/javascript; charset=utf-8'),
  }

  function serveHashed(name: string, extension: string, type: string): string {
    const content = read(`${name}.${extension}`)
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12)
    const path = `/assets/${name}.${hash}.${extension}`
    serve(path, content, type, forEver)
    return path
  }

  function serve(path: string, content: string, type: string, cacheControl: string): void {
    app.get(path, (c) => c.body(content, 200, { 'Content-Type': type, 'Cache-Control': cacheControl }))
  }
}

function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}
