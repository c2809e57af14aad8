import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import type { Assets } from '../../templates/layout.tsx'
import type { AppEnvironment } from './environment.ts'

const folder = new URL('../../templates/assets/', import.meta.url)
const forEver = 'public, max-age=31536000, immutable'
const aDay = 'public, max-age=86400'

/** The style sheet, the script and the icon: read once at start, named by their content, served from our own origin. */
export function readAssets(): { paths: Assets; serve(app: Hono<AppEnvironment>): void } {
  const css = hashed('keydesk.css', 'text/css; charset=utf-8', withoutBlanks)
  const js = hashed('keydesk.js', 'text/javascript; charset=utf-8')
  const icon = {
    path: '/assets/favicon.svg',
    content: read('favicon.svg'),
    type: 'image/svg+xml',
    cacheControl: aDay,
  }
  return {
    paths: { css: css.path, js: js.path },
    serve(app) {
      for (const asset of [css, js, icon]) {
        const headers = {
          'Content-Type': asset.type,
          'Cache-Control': asset.cacheControl,
          // A refusal that a proxy shows under the host of an app takes its looks from here.
          ...(asset === js ? {} : { 'Cross-Origin-Resource-Policy': 'cross-origin' }),
        }
        app.get(asset.path, (c) => c.body(asset.content, 200, headers))
      }
    },
  }
}

function hashed(name: string, type: string, shorten: (text: string) => string = (text) => text) {
  const content = shorten(read(name))
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12)
  return { path: `/assets/${name.replace('.', `.${hash}.`)}`, content, type, cacheControl: forEver }
}

/** A style sheet without its comments and indentation, a third shorter. No text in it has two blanks in a row. */
export function withoutBlanks(css: string): string {
  return css
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,>]) ?|(:) /g, '$1$2')
    .replaceAll(';}', '}')
    .trim()
}

function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}
