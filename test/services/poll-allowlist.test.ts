import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPollAllowlist } from '../../src/services/poll-allowlist.ts'
import type { AllowlistSource } from '../../src/sso/allowlist-source.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

type Answer = Awaited<ReturnType<AllowlistSource>>
const list = (version: string, ...emails: string[]): Answer => ({
  domains: [],
  emails,
  etag: `"${version}"`,
  lastModified: null,
})
const both = list('1', 'bob@x.test', 'eve@x.test')
const withoutEve = list('2', 'bob@x.test')

let database: TestDatabase
let storage: Storage
let clock: number
beforeEach(async () => {
  clock = Date.parse('2027-03-01T10:00:00Z')
  database = await createTestDatabase()
  storage = await openStorage(database.url, { connectMs: 5000, statementMs: 5000 })
})
afterEach(async () => {
  await storage.close()
  await database.drop()
})

/** A process that polls once a second. */
const pollerOf = (source: AllowlistSource, urlHash = 'hash-of-the-url') =>
  createPollAllowlist({
    storage,
    source,
    urlHash,
    intervalSeconds: 1,
    report: () => undefined,
    now: () => new Date(clock),
  })

/** A process whose question is under way: `answer` is what comes back, late. */
async function asking(urlHash?: string) {
  let answer: (answer: Answer) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  let asked = 0
  let hasAsked: () => void = () => undefined
  const underway = new Promise<void>((resolve) => {
    hasAsked = resolve
  })
  const poll = pollerOf(() => {
    asked += 1
    hasAsked()
    return new Promise((resolve, reject) => {
      answer = resolve
      fail = reject
    })
  }, urlHash)
  const done = poll()
  await underway
  return {
    poll,
    done,
    asked: () => asked,
    answer: (late: Answer) => answer(late),
    fail: (error: Error) => fail(error),
  }
}

async function copyNow() {
  const copy = await storage.accessRules.allowlistCopy()
  return copy === null ? null : { emails: copy.emails, etag: copy.etag, fetchedAt: copy.fetchedAt.getTime() }
}

const changes = async () => (await storage.audit.find({ action: 'allowlist.changed', limit: 10 })).length
const kept = (emails: string[], etag: string, fetchedAt: number) => ({ emails, etag, fetchedAt })

describe('the copy of the external list', () => {
  test('is never replaced by an older answer that came later', async () => {
    await pollerOf(async () => list('0'))()
    clock += 1000
    const slow = await asking()
    clock += 1000
    await pollerOf(async () => withoutEve)()
    const [newer, events] = [await copyNow(), await changes()]
    expect(newer).toEqual(kept(['google bob@x.test'], '"2"', clock))
    slow.answer(both)
    await slow.done
    expect(await copyNow()).toEqual(newer)
    // What was not kept did not happen.
    expect(await changes()).toBe(events)
  })

  test('is never replaced by an older answer where there was none before', async () => {
    const slow = await asking()
    clock += 1000
    await pollerOf(async () => withoutEve)()
    const newer = await copyNow()
    slow.answer(both)
    await slow.done
    expect(await copyNow()).toEqual(newer)
    expect(await changes()).toBe(1)
  })

  test('is not confirmed by a 304 that was about another copy', async () => {
    await pollerOf(async () => both)()
    clock += 1000
    const slow = await asking()
    clock += 1000
    await pollerOf(async () => withoutEve)()
    const newer = await copyNow()
    clock += 5000
    slow.answer('unchanged')
    await slow.done
    expect(await copyNow()).toEqual(newer)
  })

  test('is confirmed by a 304 that was about it, as of when it was asked for', async () => {
    await pollerOf(async () => both)()
    clock += 1000
    const askedAt = clock
    const slow = await asking()
    clock += 500
    slow.answer('unchanged')
    await slow.done
    expect(await copyNow()).toEqual(kept(['google bob@x.test', 'google eve@x.test'], '"1"', askedAt))
    expect(await changes()).toBe(1)
  })

  test('is asked about with its own validators, and not with those of another URL', async () => {
    const asked: (string | null)[] = []
    const source: AllowlistSource = async ({ etag }) => {
      asked.push(etag)
      return both
    }
    for (const urlHash of ['one', 'one', 'another', 'another']) {
      await pollerOf(source, urlHash)()
      clock += 1000
    }
    expect(asked).toEqual([null, '"1"', null, '"1"'])
  })

  test('of another URL is replaced whatever its time', async () => {
    await pollerOf(async () => both, 'former')()
    clock -= 60_000
    await pollerOf(async () => withoutEve)()
    expect(await copyNow()).toEqual(kept(['google bob@x.test'], '"2"', clock))
  })
})

describe('the polls of one process', () => {
  test('are one while it is under way', async () => {
    const slow = await asking()
    const others = [slow.poll(), slow.poll()]
    slow.answer(both)
    await Promise.all([slow.done, ...others])
    expect(slow.asked()).toBe(1)
    expect(await changes()).toBe(1)
  })

  test('fail together, and the next is a new one', async () => {
    let works = false
    let asked = 0
    const poll = pollerOf(async () => {
      asked += 1
      if (!works) throw new Error('no list')
      return both
    })
    const outcomes = await Promise.allSettled([poll(), poll()])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect([asked, await copyNow()]).toEqual([1, null])
    works = true
    await poll()
    expect([asked, (await copyNow())?.etag]).toEqual([2, '"1"'])
  })

  test('ask again only when the interval is nearly over', async () => {
    let asked = 0
    const poll = pollerOf(async () => {
      asked += 1
      return both
    })
    const counts: number[] = []
    for (const ms of [0, 899, 1]) {
      clock += ms
      await poll()
      counts.push(asked)
    }
    expect(counts).toEqual([1, 1, 2])
  })
})
