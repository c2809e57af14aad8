import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { startKeydesk } from '../support/keydesk-process.ts'
import { keyFor, signInSettings, testClient } from '../support/sign-in.ts'
import { type StandInProvider, startStandInProvider } from '../support/stand-in-provider.ts'

test('a key that was issued before the master key changed keeps working after it', async () => {
  let standIn: StandInProvider | undefined
  const gateway = await startKeydesk(async (url) => {
    standIn = await startStandInProvider({ ...testClient, redirectUris: [`${url}/auth/callback`] })
    return signInSettings(standIn.issuer)
  })
  if (standIn === undefined) throw new Error('there is no stand-in')
  const key = await keyFor({ gateway, standIn }, 'alice@example.com')
  const validate = async (text: string) =>
    (await gateway.fetch('/v1/validate', { headers: { 'x-api-key': text } })).status
  expect(await validate(key)).toBe(200)
  const fresh = randomBytes(32).toString('hex')
  await gateway.restart({ PROXY_MASTER_KEY: fresh, PROXY_MASTER_KEY_PREVIOUS: gateway.masterKey })
  expect(await validate(key)).toBe(200)
  await gateway.restart({ PROXY_MASTER_KEY: fresh })
  expect(await validate(key)).toBe(200)
  const later = await keyFor({ gateway, standIn }, 'alice@example.com')
  expect(await validate(later)).toBe(200)
  await gateway.close()
  await standIn.close()
})
