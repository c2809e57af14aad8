import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar, keyTextOn, pathOf } from '../support/browser-like.ts'
import type { TestGateway } from '../support/gateway.ts'
import { freePort, type RunningProcess, spawnProcess } from '../support/keydesk-process.ts'
import { copyProject, type ProjectCopy } from '../support/project-copy.ts'
import { signIn } from '../support/sign-in.ts'
import { signInAtProvider, standInAccounts } from '../support/stand-in-provider.ts'

describe('npm run dev', () => {
  let project: ProjectCopy
  let dev: RunningProcess
  let port: number
  beforeAll(async () => {
    project = copyProject()
    port = await freePort()
    const settings = { PORT: String(port), STAND_IN_PORT: String(await freePort()) }
    dev = spawnProcess(['npm', 'run', 'dev'], settings, project.folder)
    await dev.said('/admin/keys')
  })
  afterAll(async () => {
    dev?.signalGroup('SIGKILL')
    await dev?.ended
    project?.remove()
  })

  // Guarantee: signing in needs no more of a gateway than this.
  const gateway = () =>
    ({
      fetch: (path: string, init: RequestInit = {}) =>
        fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init }),
    }) as TestGateway
  const subjectOf = (name: string) =>
    standInAccounts.find((account) => account.name.startsWith(name))?.sub ?? ''
  const printedCurls = () => [...dev.stdout().matchAll(/^ *(curl .*)$/gm)].map((match) => match[1] ?? '')
  const inShell = (command: string) =>
    JSON.parse(
      execFileSync('bash', ['-c', `${command} --silent --show-error`], {
        cwd: project.folder,
        encoding: 'utf8',
      }),
    )

  test('says the three things to do next, and each of them works as it is printed', async () => {
    const loginUrl = /^ *(http:\/\/localhost:\d+\/auth\/login)$/m.exec(dev.stdout())?.[1]
    expect(loginUrl).toBe(`http://localhost:${port}/auth/login`)
    const jar = createCookieJar(gateway())
    const login = await jar.fetch(pathOf(loginUrl ?? ''))
    const callback = await signInAtProvider(login.headers.get('location') ?? '', subjectOf('Alice'))
    const key = keyTextOn(await (await jar.fetch(pathOf(callback))).text())
    const [validate = '', list = ''] = printedCurls()
    expect(validate).toContain('<your key>')
    expect(inShell(validate.replace('<your key>', key ?? ''))).toMatchObject({
      valid: true,
      user: { email: 'alice@example.com', role: 'member' },
    })
    const { data } = inShell(list)
    expect(data).toMatchObject([{ id: key?.split('_')[1], name: 'sso' }])
  })

  test('lets the admin in as an admin, and refuses the unverified and the one from elsewhere', async () => {
    expect((await signIn(gateway(), subjectOf('Ada'))).status).toBe(200)
    const refusals = { Uma: 'email_unverified', Otto: 'not_allowed' }
    for (const [name, code] of Object.entries(refusals)) {
      const answer = await signIn(gateway(), subjectOf(name))
      expect(answer.status).toBe(403)
      const page = await answer.text()
      expect(page).toContain(code)
      expect(keyTextOn(page)).toBeNull()
    }
  })

  test('Ctrl-C ends it with all that it started, without a word of failure', async () => {
    // npm itself may end by the signal. That `ended` comes says that nobody holds its output any more.
    dev.signalGroup('SIGINT')
    const ending = await dev.ended
    expect([0, 'SIGINT']).toContain(ending.code ?? ending.signal)
    expect(ending.stderr).not.toMatch(/error|ELIFECYCLE/i)
    await expect(gateway().fetch('/healthz')).rejects.toThrow()
  })
})
