import { expect, test } from 'vitest'
import { startKeydesk } from '../support/keydesk-process.ts'

/** What a process says of hosts without an app from its start to its end. */
async function said(settings: Record<string, string>): Promise<string[]> {
  const gateway = await startKeydesk(settings)
  await gateway.close()
  const lines = gateway.process().stdout().trim().split('\n')
  return lines.filter((line) => line.includes('UNKNOWN_HOST')).map((line) => JSON.parse(line).msg)
}

test('the start says that hosts without an app are open, and how to close them', async () => {
  const [line, ...more] = await said({})
  expect(more).toEqual([])
  expect(line).toContain('any signed-in user')
  expect(line).toContain('set UNKNOWN_HOST=deny')
})

test('the start says nothing of them where they are closed', async () => {
  expect(await said({ UNKNOWN_HOST: 'deny' })).toEqual([])
})
