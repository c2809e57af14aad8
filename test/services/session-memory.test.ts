import { describe, expect, test } from 'vitest'
import { createSessionMemory, type KnownSession } from '../../src/services/session-memory.ts'

/** As far as memory looks at a session. */
function known(id: string, generation = 1): KnownSession {
  // Guarantee: memory hands rows out as they are, and changes nothing of them but when they were last seen.
  return { session: { id, lastSeenAt: new Date(0) }, user: { id: 'u' }, identities: [], generation } as never
}

describe('what is remembered of sessions', () => {
  test('is found by the name under which it was read, and by no other', () => {
    const memory = createSessionMemory(10)
    const session = known('a')
    memory.remember('secret x', session)
    expect(memory.find('secret x')).toBe(session)
    for (const name of ['app x', 'id x', 'secret X', 'secret x ', 'secret '] as const)
      expect(memory.find(name), name).toBeNull()
  })

  test('is bounded: the session that was not asked for the longest goes first', () => {
    const memory = createSessionMemory(2)
    memory.remember('id a', known('a'))
    memory.remember('id b', known('b'))
    memory.find('id a')
    memory.remember('id c', known('c'))
    expect((['id a', 'id b', 'id c'] as const).map((name) => memory.find(name)?.session.id)).toEqual([
      'a',
      undefined,
      'c',
    ])
  })

  test('is touched only as it was when it was judged: what was read since keeps its own time', () => {
    const memory = createSessionMemory(10)
    const before = known('a')
    memory.remember('id a', before)
    memory.touch('id a', before, new Date(5))
    expect(memory.find('id a')).toMatchObject({ session: { lastSeenAt: new Date(5) }, generation: 1 })
    const after = known('a', 2)
    memory.remember('id a', after)
    memory.touch('id a', before, new Date(9))
    expect(memory.find('id a')).toBe(after)
    // A row that others were given is not changed under them.
    expect(before.session.lastSeenAt).toEqual(new Date(0))
  })

  test('is not brought back by a touch once it was forgotten', () => {
    const memory = createSessionMemory(10)
    const session = known('a')
    memory.remember('id a', session)
    memory.forget('id a')
    memory.touch('id a', session, new Date(5))
    expect(memory.find('id a')).toBeNull()
  })
})
