import { afterAll, beforeAll, expect } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { movableClock, request } from './people-context.ts'

/** A desk for the tests of one `describe`, on which use is written when asked for, and short ways to rotate keys. */
export function rotationContext() {
  const clock = movableClock()
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk({ USAGE_FLUSH_INTERVAL: '1h' }, { now: clock.now })
  })
  afterAll(() => desk.close())
  const post = (key: string, what: string, body?: unknown) =>
    desk.gateway.asAdmin(`/admin/keys/${idOf(key)}/${what}`, request('POST', body))
  return {
    clock,
    desk: () => desk,
    post,
    rotated: async (key: string, body: object = {}) => {
      const response = await post(key, 'rotate', body)
      expect(response.status, await response.clone().text()).toBe(201)
      return json(response)
    },
    codeOf: async (response: Response) => [response.status, (await json(response)).code],
    inSeconds: (seconds: number) => new Date(clock.now().getTime() + seconds * 1000).toISOString(),
    trailOf: async (key: string, action: string) =>
      (await json(await desk.gateway.asAdmin(`/admin/audit?action=${action}&target=key:${idOf(key)}`))).data,
  }
}
