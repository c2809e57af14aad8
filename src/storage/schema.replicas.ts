import { bigint, integer, jsonb, pgTable } from 'drizzle-orm/pg-core'
import { text } from './postgres-columns.ts'

/*
 * What several replicas on one Postgres tell each other. A SQLite file needs none of it: its `data_version` says to every
 * process that another one has written.
 */

/** One row. Every list of statements begins by advancing it, which puts all writers in one order. */
export const epoch = pgTable('epoch', {
  id: text('id').primaryKey(),
  n: bigint('n', { mode: 'number' }).notNull(),
})

/**
 * Which keys and users each epoch changed; null stands for any. A missing row does too: only the last ones are kept. The mark
 * is random: after a failover that lost commits, the same number may stand for something else.
 */
export const changes = pgTable('changes', {
  epoch: bigint('epoch', { mode: 'number' }).primaryKey(),
  ids: jsonb('ids').$type<string[]>(),
  mark: text('mark').notNull(),
})

/** The processes that may remember something, with the epoch that each has seen and how often it has looked since it started. */
export const replicas = pgTable('replicas', {
  id: text('id').primaryKey(),
  epoch: bigint('epoch', { mode: 'number' }).notNull(),
  looks: bigint('looks', { mode: 'number' }).notNull(),
})

/** Requests counted by all replicas together, as the rate limit library lays it out: `expire` in milliseconds. */
export const rateCounts = pgTable('rate_counts', {
  key: text('key').primaryKey(),
  points: integer('points').notNull(),
  expire: bigint('expire', { mode: 'number' }),
})
