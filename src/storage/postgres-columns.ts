import { customType, timestamp } from 'drizzle-orm/pg-core'

/** Ordered by bytes, as on SQLite. Other collations differ between servers, and change with their operating system. */
export const text = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' })

/** A time to the millisecond. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })
