import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminScopeFor } from '../../../src/http/admin-scope.ts'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'

/** Ways to write a path that some routers take for another, as they would go over the wire. */
const spellings = (path: string): string[] => [
  path,
  `/${path}`,
  `/.${path}`,
  `/x/..${path}`,
  `${path}/`,
  `${path}//`,
  `${path}/.`,
  `${path}/%2e`,
  `${path}%2F`,
  `${path};x`,
  `${path}%00`,
  `${path}%20`,
  path.replace('/admin/', '/admin//'),
  path.replace('/admin/', '/admin/./'),
  path.replace('/admin/', '/admin/audit/../'),
  path.replace('/admin/', '/admin/audit/%2e%2e/'),
  path.replace('/admin/', '/admin%2F'),
  path.replace('/admin/', '/admin%5C'),
  path.replace('/admin/', '/ADMIN/'),
  path.replace('/admin/', '/%61dmin/'),
  path.replace('/admin/', '/%2561dmin/'),
  path.toUpperCase(),
]

describe('the path decides which scope a key needs, and no spelling of it opens more', () => {
  let desk: Desk
  let auditor: string
  let target: string
  beforeAll(async () => {
    desk = await startDesk()
    await desk.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, desk.userId)
    auditor = await desk.mint({ scopes: ['keydesk:audit.read'] })
    target = await desk.mint()
  })
  afterAll(() => desk.close())

  const ask = (method: string, path: string, key: string | null) =>
    desk.gateway.fetch(path, { method, headers: key === null ? {} : { 'x-api-key': key } })

  test.each(['GET', 'HEAD', 'DELETE'])('by %s', async (method) => {
    for (const path of [...spellings('/admin/users'), ...spellings(`/admin/keys/${idOf(target)}`)]) {
      expect([400, 401, 403, 404, 405], `${method} ${path}`).toContain(
        (await ask(method, path, auditor)).status,
      )
      expect([400, 401, 404, 405], `${method} ${path} by nobody`).toContain(
        (await ask(method, path, null)).status,
      )
    }
    expect(await desk.codeFor(target)).toBe('valid')
  })

  test('what it carries it can do, by HEAD as by GET', async () => {
    for (const method of ['GET', 'HEAD'])
      expect((await ask(method, '/admin/audit', auditor)).status).toBe(200)
    const reader = await desk.mint({ scopes: ['keydesk:keys.read'] })
    for (const path of ['/admin/keys', `/admin/keys/${idOf(target)}`])
      expect((await ask('HEAD', path, reader)).status, path).toBe(200)
  })

  test.each([
    ['POST', '/admin/keys/revoke', 'keydesk:keys.revoke'],
    ['POST', '/admin/keys/x/retire', 'keydesk:keys.revoke'],
    ['POST', '/admin/keys/revoke/rotate', 'keydesk:keys.mint'],
    ['POST', '/admin/keys/retire/rotate', 'keydesk:keys.mint'],
    ['PATCH', '/admin/keys/revoke', 'keydesk:keys.mint'],
    ['PUT', '/admin/keys/x', 'keydesk:keys.mint'],
    ['POST', '/admin/audit', 'keydesk:admin'],
    ['GET', '/admin', 'keydesk:admin'],
    ['GET', '/admin/usersx', 'keydesk:admin'],
    ['GET', '/admin/keysx', 'keydesk:admin'],
    ['GET', '/admin/auditx', 'keydesk:admin'],
    ['GET', '/admin/ke%79s', 'keydesk:admin'],
    ['GET', '/admin/made-up', 'keydesk:admin'],
  ])('%s %s wants %s', (method, path, scope) => {
    expect(adminScopeFor(method, path)).toBe(scope)
  })
})
