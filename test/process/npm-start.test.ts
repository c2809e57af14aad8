import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../support/json.ts'
import { type KeydeskProcess, startKeydesk } from '../support/keydesk-process.ts'
import { copyProject, type ProjectCopy } from '../support/project-copy.ts'
import { keyFor, signInSettings, testClient } from '../support/sign-in.ts'
import { type StandInProvider, startStandInProvider } from '../support/stand-in-provider.ts'

describe('npm start', () => {
  let project: ProjectCopy
  let standIn: StandInProvider
  let gateway: KeydeskProcess
  beforeAll(async () => {
    project = copyProject()
    gateway = await startKeydesk(
      async (url) => {
        standIn = await startStandInProvider({ ...testClient, redirectUris: [`${url}/auth/callback`] })
        return signInSettings(standIn.issuer)
      },
      { command: ['npm', 'start'], cwd: project.folder },
    )
  })
  afterAll(async () => {
    await gateway?.close()
    await standIn?.close()
    project?.remove()
  })

  test('does the whole job with the nine settings: sign in, validate, revoke, list', async () => {
    const key = await keyFor({ gateway, standIn }, 'alice@example.com')
    const validate = () => gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    expect((await validate()).status).toBe(200)
    expect((await gateway.asAdmin(`/admin/keys/${key.split('_')[1]}`, { method: 'DELETE' })).status).toBe(204)
    const refused = await validate()
    expect(refused.status).toBe(401)
    expect((await json(refused)).code).toBe('revoked_key')
    const keys = await json(await gateway.asAdmin('/admin/keys?status=revoked'))
    expect(keys.data.map((one: { name: string }) => one.name)).toEqual(['sso'])
    const events = await json(await gateway.asAdmin('/admin/audit'))
    expect(events.data.map((event: { action: string }) => event.action)).toEqual(
      expect.arrayContaining(['sign_in.succeeded', 'user.created', 'key.minted', 'key.revoked']),
    )
  })

  test('what it built holds nothing of the tests, and no word of the stand-in', () => {
    const files = filesUnder(join(project.folder, 'dist'))
    expect(files.length).toBeGreaterThan(20)
    expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(
      new Set(['src', 'templates', 'migrations', 'docs']),
    )
    for (const file of files) {
      const text = readFileSync(join(project.folder, 'dist', file), 'utf8')
      for (const word of ['oidc-provider', 'stand-in', 'keydesk-dev', 'test/support'])
        expect(text.includes(word), `${file} mentions ${word}`).toBe(false)
    }
  })

  test('a second start does not build again', async () => {
    const compiled = join(project.folder, 'dist/src/main.js')
    const builtAt = statSync(compiled).mtimeMs
    gateway.process().signalGroup('SIGTERM')
    await gateway.process().ended
    await gateway.start()
    expect((await gateway.fetch('/readyz')).status).toBe(200)
    expect(statSync(compiled).mtimeMs).toBe(builtAt)
  })

  test('SIGTERM to npm alone, as a process manager sends it, ends the gateway too', async () => {
    gateway.process().signal('SIGTERM')
    const health = () =>
      gateway.fetch('/healthz').then(
        ({ status }) => status,
        () => 'refused',
      )
    await expect.poll(health, { timeout: 5000 }).toBe('refused')
  })
})

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}
