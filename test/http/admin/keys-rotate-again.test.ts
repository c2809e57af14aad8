import { beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { request } from './people-context.ts'
import { rotationContext } from './rotation-context.ts'

const day = 86_400

describe('a rotation that is not over', () => {
  const context = rotationContext()
  const { post, rotated, codeOf, inSeconds, trailOf } = context
  let desk: Desk
  beforeAll(() => {
    desk = context.desk()
  })

  test('of a key whose successor is dead is possible again, at once; “retire now” of it is 409 until then', async () => {
    const key = await desk.mint()
    const { key_text: lost } = await rotated(key)
    await desk.revoke(lost)
    const refused = await post(key, 'retire')
    expect(refused.status).toBe(409)
    expect((await json(refused)).detail).toContain('is dead itself')
    expect(await desk.codeFor(key)).toBe('valid')
    const { key_text: text, retiring } = await rotated(key)
    expect(retiring).toMatchObject({ status: 'retiring', successor_id: idOf(text) })
    expect(await codeOf(await post(key, 'rotate', {}))).toEqual([409, 'conflict'])
    expect((await post(key, 'retire')).status).toBe(200)
    expect([await desk.codeFor(key), await desk.codeFor(text)]).toEqual(['revoked_key', 'valid'])
  })

  test('a retirement can be put off, and brought forward; not of a key that nothing replaces, nor out of sense', async () => {
    const key = await desk.mint()
    const patch = (text: string, retires_at: unknown) =>
      desk.gateway.asAdmin(`/admin/keys/${idOf(text)}`, request('PATCH', { retires_at }))
    expect(await codeOf(await patch(key, inSeconds(day)))).toEqual([409, 'conflict'])
    const { key_text: text } = await rotated(key, { grace_seconds: 3600 })
    const [late, soon] = [inSeconds(200 * day), inSeconds(60)]
    for (const time of [late, soon]) {
      const moved = await patch(key, time)
      expect([moved.status, (await json(moved)).retires_at]).toEqual([200, time])
      expect((await desk.validate(key)).headers.get('x-key-retires-at')).toBe(time)
    }
    for (const senseless of [inSeconds(0), inSeconds(-1), inSeconds(365 * day + 60), null, 'soon'])
      expect(await codeOf(await patch(key, senseless))).toEqual([400, 'invalid_request'])
    expect((await desk.read(key)).retires_at).toBe(soon)
    expect(await trailOf(key, 'key.updated')).toMatchObject([
      { facts: { changed: ['retires_at'], retires_at: soon } },
      { facts: { changed: ['retires_at'], retires_at: late } },
    ])
    for (const each of [key, text]) await desk.revoke(each)
  })

  test.each(['rotate', 'retire'])(
    '%s with a stale If-Match is 412 and does nothing, with a fresh one it works',
    async (what) => {
      const key = await desk.mint()
      if (what === 'retire') await rotated(key)
      const { version } = await desk.read(key)
      const ask = (tag: string) => {
        const init = request('POST', {})
        const headers = { ...(init.headers as object), 'if-match': tag }
        return desk.gateway.asAdmin(`/admin/keys/${idOf(key)}/${what}`, { ...init, headers })
      }
      expect(await codeOf(await ask(`"${version + 1}"`))).toEqual([412, 'precondition_failed'])
      expect((await ask(String(version))).status).toBe(400)
      expect(await desk.read(key)).toMatchObject({ version })
      expect((await ask(`"${version}"`)).status).toBe(what === 'rotate' ? 201 : 200)
    },
  )
})
