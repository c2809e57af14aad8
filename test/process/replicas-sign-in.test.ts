import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyTextOn } from '../support/browser-like.ts'
import { type GatewaysOnPostgres, startGatewaysOnPostgres } from '../support/gateways-on-postgres.ts'
import { json } from '../support/json.ts'
import { beginSignInAt } from '../support/sign-in-across.ts'

describe('a sign-in begun on one replica', () => {
  let replicas: GatewaysOnPostgres
  beforeAll(async () => {
    replicas = await startGatewaysOnPostgres(2)
  })
  afterAll(() => replicas?.close())

  const begin = (index: number) =>
    beginSignInAt(replicas.gateways[index]!, replicas.standIn, 'alice@example.com')

  test.each([
    [0, 1],
    [1, 0],
  ])('finishes on another (%i, then %i), with a key that both take', async (begun, finished) => {
    const browser = await begin(begun)
    const answer = await browser.at(replicas.gateways[finished]!)
    const key = keyTextOn(await answer.text())
    expect(answer.status).toBe(200)
    for (const desk of replicas.desks) expect(await desk.codeFor(key ?? '')).toBe('valid')
  })

  test('finishes once: the same callback is refused at both after that, and mints nothing', async () => {
    const browser = await begin(0)
    expect((await browser.at(replicas.gateways[1]!)).status).toBe(200)
    const keys = async () => (await replicas.database.rows('SELECT id FROM api_keys ORDER BY id')).length
    const before = await keys()
    for (const gateway of replicas.gateways) {
      expect((await browser.at(gateway)).status).toBe(400)
    }
    expect(await keys()).toBe(before)
    const { data } = await json(await replicas.gateways[0]!.asAdmin('/admin/audit?action=sign_in.refused'))
    expect(data.map((event: any) => event.facts.reason)).toContain('replayed')
  })

  test('finishes once where the same callback comes to both at the same moment', async () => {
    for (let time = 0; time < 5; time += 1) {
      const browser = await begin(time % 2)
      const answers = await Promise.all(replicas.gateways.map((gateway) => browser.at(gateway)))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    }
  })

  test('is one person, whoever finishes it: two people who are new sign in at both at once', async () => {
    const emails = ['ada@example.com', 'otto@elsewhere.test', 'ada@example.com', 'otto@elsewhere.test']
    const browsers = await Promise.all(
      emails.map((email, index) => beginSignInAt(replicas.gateways[index % 2]!, replicas.standIn, email)),
    )
    const answers = await Promise.all(
      browsers.map((browser, index) => browser.at(replicas.gateways[(index + 1) % 2]!)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const rows = await replicas.database.rows(
      "SELECT email FROM users WHERE email LIKE 'ada@%' OR email LIKE 'otto@%' ORDER BY email",
    )
    expect(rows.map(({ email }) => email)).toEqual(['ada@example.com', 'otto@elsewhere.test'])
  })
})
