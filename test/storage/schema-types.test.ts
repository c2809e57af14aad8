import { expectTypeOf, test } from 'vitest'
import type * as postgres from '../../src/storage/schema.postgres.ts'
import type * as sqlite from '../../src/storage/schema.sqlite.ts'

/*
 * `database.ts` casts the tables of one engine to those of the other; this is what makes the cast true. It is checked by
 * `tsc` (npm run check), not when it runs.
 */
type TableName = keyof typeof postgres
type Row<Schema, Name extends keyof Schema> = Schema[Name] extends { $inferSelect: infer Select }
  ? Select
  : never

test('both schemas export the same tables', () => {
  expectTypeOf<keyof typeof sqlite>().toEqualTypeOf<TableName>()
})

test('the rows of every table have the same type on both engines', () => {
  expectTypeOf<{ [Name in TableName]: Row<typeof sqlite, Name> }>().toEqualTypeOf<{
    [Name in TableName]: Row<typeof postgres, Name>
  }>()
  expectTypeOf<Row<typeof postgres, 'users'>>().not.toBeNever()
})

test('what may be inserted on the canonical schema may be inserted on the other', () => {
  type Insert<Schema, Name extends keyof Schema> = Schema[Name] extends { $inferInsert: infer Values }
    ? Values
    : never
  expectTypeOf<{ [Name in TableName]: Insert<typeof postgres, Name> }>().toExtend<{
    [Name in TableName]: Insert<typeof sqlite, Name>
  }>()
})
