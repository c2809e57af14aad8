import { integer, text } from 'drizzle-orm/sqlite-core'

/* The column kinds that SQLite has no type for (design §3). */

/** Integer milliseconds. */
export const instant = (name: string) => integer(name, { mode: 'timestamp_ms' })
export const boolean = (name: string) => integer(name, { mode: 'boolean' })
export const json = (name: string) => text(name, { mode: 'json' })
