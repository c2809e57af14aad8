import { readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Desk, idOf, startDesk } from '../support/desk.ts'
import { type CurlFolder, describeWithCurl, makeCurlFolder } from '../support/recorded-curl.ts'

const file = new URL('../../examples/github-actions/fetch-report.yml', import.meta.url)
const workflow = parse(readFileSync(file, 'utf8'))
const [step] = workflow.jobs.report.steps

test('the workflow gives the key to one step alone, by its environment, and no right on the repository', () => {
  expect(workflow.permissions).toEqual({})
  expect(Object.keys(workflow.on)).toEqual(['workflow_dispatch', 'schedule'])
  expect(workflow.env ?? workflow.jobs.report.env).toBeUndefined()
  expect(workflow.jobs.report['timeout-minutes']).toBeGreaterThan(5)
  expect(step.env.API_KEY).toMatch(/^\$\{\{ secrets\.REPORTS_API_KEY \}\}$/)
  // What is put into a script by a template is run as a script.
  expect(step.run).not.toContain('${{')
  expect(step.run).not.toMatch(/\becho\b|set -\w*x|--verbose|\s-v\b/)
})

describeWithCurl('the step of the workflow', () => {
  let desk: Desk
  let folder: CurlFolder
  beforeAll(async () => {
    desk = await startDesk()
    folder = makeCurlFolder()
  })
  beforeEach(() => rmSync(join(folder.path, 'report.json'), { force: true }))
  afterAll(async () => {
    folder?.remove()
    await desk?.close()
  })

  /** As a runner does with `shell: bash`. */
  const run = (key: string, url = `${desk.gateway.url}/v1/validate`) =>
    folder.run(['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      environment: { API_URL: url, API_KEY: key },
    })
  const report = () => JSON.parse(readFileSync(join(folder.path, 'report.json'), 'utf8'))

  test('calls with the key, which is in no argument and no output', async () => {
    const key = await desk.mint()
    const { status, stdout, stderr, seen } = await run(key)
    expect(status).toBe(0)
    expect(report()).toMatchObject({ valid: true, key: { id: idOf(key) } })
    const secret = key.slice(16, 40)
    expect(stdout + stderr).not.toContain(secret)
    const argumentsSeen = seen.split('\n').filter((line) => !line.startsWith('API_KEY='))
    expect(argumentsSeen).toContain('--fail-with-body')
    expect(argumentsSeen.join('\n')).not.toContain(secret)
  })

  test('fails at once for a revoked key, and says why', async () => {
    const key = await desk.mint()
    await desk.revoke(key)
    const { status, stdout } = await run(key)
    expect([status, JSON.parse(stdout).code]).toEqual([22, 'revoked_key'])
  })

  test('comes again when Retry-After says so after a 429', async () => {
    const rate_limit = { limit: 1, window_seconds: 3 }
    const key = await desk.mint({ rate_limit })
    await desk.validate(key)
    expect((await run(key)).status).toBe(0)
    expect(report()).toMatchObject({ valid: true })
    expect(desk.gateway.log.some((line) => JSON.parse(line).status === 429)).toBe(true)
  })

  test('comes again after a 503', async () => {
    const key = await desk.mint()
    let asked = 0
    const front = createServer((request, response) => {
      asked += 1
      if (asked === 1)
        return void response.writeHead(503, { 'retry-after': '1' }).end('{"code": "unavailable"}')
      desk.validate(String(request.headers['x-api-key'])).then(async (answer) => {
        response.writeHead(answer.status).end(await answer.text())
      })
    })
    await new Promise<void>((listening) => front.listen(0, '127.0.0.1', listening))
    const { status } = await run(key, `http://127.0.0.1:${(front.address() as AddressInfo).port}/`)
    expect([status, asked]).toEqual([0, 2])
    // The answer of the first try is not in front of it.
    expect(report()).toMatchObject({ valid: true })
    front.closeAllConnections()
    await new Promise((closed) => front.close(closed))
  })

  test('fails without a secret before anything is called', async () => {
    const { status, stderr, seen } = await run('')
    expect([status, seen]).toEqual([1, ''])
    expect(stderr).toContain('Add the secret REPORTS_API_KEY')
  })
})
