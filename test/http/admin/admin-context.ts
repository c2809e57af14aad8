import { json } from '../../support/json.ts'
import { keyFor, startSignInGateway } from '../../support/sign-in.ts'

export type AdminContext = Awaited<ReturnType<typeof startAdminContext>>

/** A gateway with one user, Alice, who holds one key, and short ways to the admin API. */
export async function startAdminContext(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
) {
  const context = await startSignInGateway(
    { AUTH_RATE_LIMIT: 'off', FAILURE_RATE_LIMIT: 'off', ...settings },
    options,
  )
  const { gateway } = context
  const ssoKey = await keyFor(context, 'alice@example.com')
  const get = async (path: string) => json(await gateway.asAdmin(path))
  const userId: string = (await get('/admin/users')).data[0].id
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    gateway.asAdmin('/admin/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return {
    ...context,
    ssoKey,
    userId,
    get,
    post,
    mint: async (change: object = {}): Promise<{ key: any; key_text: string }> => {
      const response = await post({ user_id: userId, name: 'test', ...change })
      if (response.status !== 201)
        throw new Error(`minting answered ${response.status}: ${await response.text()}`)
      return json(response)
    },
    revoke: (id: string) => gateway.asAdmin(`/admin/keys/${id}`, { method: 'DELETE' }),
    validate: (key: string) => gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } }),
    sql: gateway.database.change,
  }
}

/** All rows of a list, page by page. */
export async function allPages(context: AdminContext, path: string, limit: number): Promise<any[]> {
  const rows: any[] = []
  let cursor: string | null = null
  for (let pages = 0; pages < 100; pages += 1) {
    const mark: string = path.includes('?') ? '&' : '?'
    const page: { data: any[]; next_cursor: string | null } = await context.get(
      `${path}${mark}limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`,
    )
    rows.push(...page.data)
    if (page.next_cursor === null) return rows
    if (page.data.length !== limit) throw new Error(`a page of ${page.data.length} instead of ${limit}`)
    cursor = page.next_cursor
  }
  throw new Error('the pages do not end')
}
