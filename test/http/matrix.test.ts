import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Caller, callers, type MatrixEntry } from '../support/matrix-doors.ts'
import { matrixRoutes } from '../support/matrix-routes.ts'
import { type MatrixWorld, startMatrixWorld } from '../support/matrix-world.ts'
import { registeredRoutes } from '../support/negative-context.ts'

describe('who asks for what', () => {
  let world: MatrixWorld
  let count = 0
  beforeAll(async () => {
    world = await startMatrixWorld()
  })
  afterAll(() => world?.close())

  test('every route says here what it answers to whom, and nothing is said of what is no route', () => {
    expect(matrixRoutes.map(({ route }) => route).sort()).toEqual([...new Set(registeredRoutes())].sort())
  })

  describe.each(matrixRoutes)('$route', (entry) => {
    test.each(callers)('%s is answered as declared', async (name) => {
      const { userId } = await world.caller(name)
      const own = entry.answers[name]
      if (userId !== null) expect(await answerTo(entry, name, userId)).toMatchObject({ said: own })
      const isGiven = !/^(401|403|303 \/auth)/.test(own)
      const anothers = isGiven ? (entry.anothers ?? own) : own
      const answer = await answerTo(entry, name, world.strangerId)
      expect(answer).toMatchObject({ said: anothers })
      if (entry.nothing === undefined) return
      const nothing = await ask(entry, name, entry.nothing)
      if (isGiven && entry.anothers === undefined) expect(nothing.said).toMatch(/^(404|400)/)
      else expect(nothing).toEqual(answer)
    })
  })

  async function answerTo(entry: MatrixEntry, name: Caller, ownerId: string) {
    return ask(entry, name, await entry.path(world.make, ownerId))
  }

  /** What is said, in short, and the whole of a refusal but its request id. */
  async function ask(entry: MatrixEntry, name: Caller, path: string) {
    const { headers: own, token } = await world.caller(name, entry.endsSession)
    const headers = { ...own, ...entry.told }
    const [method = ''] = entry.route.split(' ')
    count += 1
    const response = await world.gateway.fetch(path, {
      method,
      ...bodyOf({ entry, method, headers, token, count }),
    })
    const text = await response.text()
    const where = response.headers.get('location')?.replace(/\?.*/, '')
    // OAuth endpoints tell the same in a document of their own.
    const isProblem = response.status >= 400 && /json/.test(response.headers.get('content-type') ?? '')
    const { request_id: _, ...problem } = isProblem ? JSON.parse(text) : { request_id: '' }
    const whole = [response.status, problem.code ?? where].filter((part) => part !== undefined).join(' ')
    const expected = entry.answers[name]
    // Where a form leads to is a matter of its own test.
    return { said: whole.startsWith(`${expected} `) && !isProblem ? expected : whole, problem }
  }
})

function bodyOf(request: {
  entry: MatrixEntry
  method: string
  headers: Readonly<Record<string, string>>
  token: string
  count: number
}) {
  const { entry, method, headers, token, count } = request
  if (method === 'GET') return { headers }
  const number = String(count).padStart(6, '0')
  if (entry.json !== undefined) {
    const body = JSON.stringify(entry.json).replaceAll('#', number)
    return { headers: { ...headers, 'content-type': 'application/json' }, body }
  }
  if (entry.form === undefined) return { headers }
  const fields = Object.entries(entry.form).map(([name, value]) => [name, value.replace('#', number)])
  return { headers, body: new URLSearchParams({ ...Object.fromEntries(fields), csrf_token: token }) }
}
