import { createKeydeskClient, dataOf, type Schemas } from './index.ts'

/** Mints a key, asks whether it is good, and revokes it; answers what was learned on the way. */
export async function mintValidateRevoke(options: { baseUrl: string; masterKey: string; userId: string }) {
  const { baseUrl, masterKey, userId } = options
  // One name for one key: send the same again after a failure, and there is still one.
  const header = { 'Idempotency-Key': crypto.randomUUID() }
  const admin = createKeydeskClient({ baseUrl, masterKey })
  const minted = dataOf(
    await admin.POST('/admin/keys', {
      params: { header },
      body: { user_id: userId, name: 'typed client', scopes: ['reports:read'] },
    }),
  )
  if (minted.key_text === null) throw new Error('this request was answered before')
  const service = createKeydeskClient({ baseUrl, apiKey: minted.key_text })
  const scope = ['reports:read']
  const before = dataOf(await service.GET('/v1/validate', { params: { query: { scope } } }))
  await admin.DELETE('/admin/keys/{id}', { params: { path: { id: minted.key.id } } })

  const after = await service.GET('/v1/validate', { params: { query: { scope } } })
  // The codes are a closed list: a misspelt one does not compile.
  const isRevoked = after.error?.code === 'revoked_key'

  const { data: keys } = dataOf(
    await admin.GET('/admin/keys', { params: { query: { user_id: userId, status: 'revoked' } } }),
  )
  const statuses = keys.map(({ status }: Schemas['Key']) => status)
  return { keyId: minted.key.id, scopes: before.key.scopes, isRevoked, statuses }
}
