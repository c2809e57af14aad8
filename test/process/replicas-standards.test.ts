import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appOrigin, codeFor, codeSettings, exchangeAt } from '../http/standards/auth-code-context.ts'
import { postForm } from '../http/standards/standards-context.ts'
import { idOf } from '../support/desk.ts'
import { type GatewaysOnPostgres, startGatewaysOnPostgres } from '../support/gateways-on-postgres.ts'
import { json } from '../support/json.ts'

describe('the standards on several replicas', () => {
  let replicas: GatewaysOnPostgres
  beforeAll(async () => {
    replicas = await startGatewaysOnPostgres(2, () => codeSettings)
  })
  afterAll(() => replicas?.close())
  const both = () => {
    const [first, second] = replicas.gateways
    if (first === undefined || second === undefined) throw new Error('there are two')
    return { first, second }
  }

  test('a code that one has made is exchanged at the other', async () => {
    const { first, second } = both()
    const { code, verifier } = await codeFor({ gateway: first, standIn: replicas.standIn })
    const answer = await exchangeAt(second, { code, verifier })
    expect(answer.status, await answer.clone().text()).toBe(200)
    expect((await exchangeAt(first, { code, verifier })).status).toBe(400)
  })

  test('a code is taken once, though it is shown to both at once, again and again', async () => {
    const { first, second } = both()
    for (let round = 0; round < 5; round += 1) {
      const { code, verifier } = await codeFor({ gateway: first, standIn: replicas.standIn })
      const doors = [first, second, first, second, first, second]
      const answers = await Promise.all(doors.map((door) => exchangeAt(door, { code, verifier })))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400])
    }
    const { data } = await json(await first.asAdmin('/admin/audit?action=auth_code.exchanged&limit=50'))
    expect(data.filter(({ facts }: any) => facts.audience === appOrigin)).toHaveLength(6)
  })

  test('a wrong verifier at one uses the code up at the other', async () => {
    const { first, second } = both()
    const { code, verifier } = await codeFor({ gateway: first, standIn: replicas.standIn })
    expect((await exchangeAt(first, { code, verifier: 'x'.repeat(43) })).status).toBe(400)
    expect((await exchangeAt(second, { code, verifier })).status).toBe(400)
  })

  test('a session that ended at one gives no JWT at the other', async () => {
    const { first, second } = both()
    const { code, verifier, jar } = await codeFor({ gateway: first, standIn: replicas.standIn })
    await jar.fetch('/auth/logout', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
    expect((await exchangeAt(second, { code, verifier })).status).toBe(400)
  })

  test('a key that is stopped at one is refused by all when that is answered', async () => {
    const { first } = both()
    const [here, there] = replicas.desks
    for (let round = 0; round < 5; round += 1) {
      const key = (await here?.mint()) ?? ''
      for (const desk of [here, there]) expect(await desk?.codeFor(key)).toBe('valid')
      expect((await postForm(first, '/v1/revoke', { token: key })).status).toBe(200)
      for (const desk of [there, here]) expect(await desk?.codeFor(key)).toBe('revoked_key')
      expect(await there?.read(key)).toMatchObject({ id: idOf(key), status: 'revoked' })
    }
  })
})
