import type { Context } from 'hono'
import { TrieRouter } from 'hono/router/trie-router'
import { KeydeskError } from '../../domain/errors.ts'
import type { AppEnvironment } from '../environment.ts'

/**
 * Tells 405 from 404. Hono knows only (method, path) pairs, so the paths of all routes are gathered once, when
 * everything has been registered.
 * @throws KeydeskError always: `method_not_allowed` with the header Allow, or `not_found`.
 */
export function answerUnrouted(
  routes: readonly { readonly method: string; readonly path: string }[],
): (c: Context<AppEnvironment>) => never {
  const methodsByPath = new Map<string, Set<string>>()
  for (const { method, path } of routes) {
    // Middleware is registered for ALL methods.
    if (method === 'ALL') continue
    const methods = methodsByPath.get(path) ?? new Set()
    methodsByPath.set(path, methods.add(method))
    // Signing in wants a visit, and HEAD is none.
    if (method === 'GET' && !/^\/auth\/(login|callback)(\/|$)/.test(path)) methods.add('HEAD')
  }
  const router = new TrieRouter<Set<string>>()
  for (const [path, methods] of methodsByPath) router.add('ALL', path, methods)

  return function refuseUnrouted(c) {
    const [matches] = router.match('ALL', c.req.path)
    const allowed = [...new Set(matches.flatMap(([methods]) => [...methods]))].sort()
    if (allowed.length === 0)
      throw new KeydeskError('not_found', { message: 'There is nothing at this address.' })
    c.header('Allow', allowed.join(', '))
    throw new KeydeskError('method_not_allowed', {
      message: `This address answers to ${allowed.join(', ')}.`,
    })
  }
}
