import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import type { Step, Writer } from '../../src/storage/query.ts'
import { createStorage, type Storage } from '../../src/storage/storage.ts'
import { manyRows } from '../support/many-rows.ts'
import type { TestDatabase } from '../support/test-database.ts'
import { engines } from './engines.ts'
import { type Asking, everyQuery } from './every-query.ts'
import { type AskedQuery, notingDatabase, openExplainer, sqlOf } from './explained-queries.ts'

const now = new Date('2027-03-01T10:00:00.123Z')
const queries = everyQuery(now)

/** What may grow with the tables, and why. */
const exceptions: readonly { calls: RegExp; faults: RegExp; because: string }[] = [
  {
    calls: /^keyLists.*(search|all of it)/,
    faults: /(SCAN|Scan on) users/,
    because:
      'a part of an address can be anywhere in it: owners are gone through once, and not once for each key',
  },
  {
    calls: /^keyLists.page: (search|scope|all of it).* by -?last_used_at/,
    faults: /SCAN api_keys|B-TREE|^Sort/,
    because: 'to go through all keys once takes a third of the time of looking up each used one',
  },
  {
    calls: /^keyLists.*(retiring|userId by)|^users.(page: responsibleId|idsAnsweredBy)|^identities.ofUser/,
    faults: /B-TREE/,
    because: 'they are few: keys that retire, and what one person has or answers for',
  },
  {
    calls: /^audit.find(Forward)?: (userId|email)/,
    faults: /B-TREE|^Sort/,
    because: 'the events of one person, from several indexes',
  },
  {
    calls: /^users.(requireO|hasO)therAdmin|^users.serviceAccountsWithoutResponsible|^deskCounts.countActive/,
    faults: /(SCAN|Scan on) (users|others)/,
    because: 'people are thousands, and a walk over them takes a millisecond or two',
  },
  { calls: /^keyring.all/, faults: /B-TREE/, because: 'a handful of rows, read at start' },
  { calls: /^sessions.endAll/, faults: /sessions/, because: 'it ends every session there is' },
  {
    calls: /^usage.pruneRefusals/,
    faults: /^SCAN ranked/,
    because: 'a handful of rows of a query of its own',
  },
  { calls: /^deskCounts.countUnused/, faults: /^Sort/, because: 'it takes a few thousand keys at a time' },
]

describe.each(engines)('query plans on $name', (engine) => {
  // Keydesk itself asks SQLite for no statistics; a copy made by an operator may have some.
  const states = engine.name === 'SQLite' ? ['without statistics', 'with statistics'] : ['with statistics']
  describe.each(states)('%s', (state) => {
    let testDatabase: TestDatabase
    let explainer: Awaited<ReturnType<typeof openExplainer>>
    let storage: Storage
    let asked: AskedQuery[]
    let tx: Writer
    beforeAll(async () => {
      testDatabase = await engine.create()
      const opened = await openDatabase(testDatabase.url, { connectMs: 5000, statementMs: 5000 })
      const noting = notingDatabase(opened)
      asked = noting.asked
      storage = createStorage(noting.database)
      for (const statement of manyRows(
        testDatabase.engine,
        { users: 2000, keys: 20_000, events: 20_000 },
        now,
      ))
        await testDatabase.change(statement)
      if (state === 'with statistics') await testDatabase.change('ANALYZE')
      await opened.atomically((writer) => {
        tx = writer
        return []
      })
      explainer = await openExplainer(testDatabase)
    })
    afterAll(async () => {
      await explainer?.close()
      await storage?.close()
      await testDatabase?.drop()
    })

    test('every function of the storage is asked here', () => {
      const functions = Object.entries(storage).flatMap(([name, repository]) =>
        typeof repository === 'object' && repository !== null
          ? Object.keys(repository).map((member) => `${name}.${member}`)
          : [],
      )
      const named = new Set(Object.keys(queries).map((call) => call.replace(/:.*/, '')))
      expect([...named].sort()).toEqual(functions.filter((name) => !name.startsWith('rateCounts.')).sort())
    })

    test('every query goes along an index, and sorts no more than a moment’s worth', async () => {
      const found: string[] = []
      for (const [call, asking] of Object.entries(queries)) {
        const faults = new Set<string>()
        for (const query of await queriesOf(asking))
          for (const fault of await explainer.faultsOf(query)) faults.add(fault)
        const excused = exceptions.filter(({ calls }) => calls.test(call))
        for (const fault of faults)
          if (!excused.some((exception) => exception.faults.test(fault))) found.push(`${call}: ${fault}`)
      }
      expect(found).toEqual([])
    })

    async function queriesOf(asking: Asking): Promise<readonly AskedQuery[]> {
      asked.length = 0
      const answer = asking(storage, tx)
      // A builder of drizzle could be awaited too, which would carry it out.
      if (answer instanceof Promise) {
        await answer
        return [...asked]
      }
      return (Array.isArray(answer) ? answer : [answer as Step]).map(sqlOf)
    }
  })
})
