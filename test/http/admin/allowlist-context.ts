import { type ListAnswer, type ListServer, startListServer, until } from './list-server.ts'
import { movableClock, type PeopleContext, startPeople } from './people-context.ts'

export const listToken = 'q7Zt2mXv9LrB4nKc8WsPd3Hy'
/** The list that most tests begin with. */
export const goodList = { domains: ['example.com'], emails: ['grace@partner.test'] }

export interface AllowlistContext extends PeopleContext {
  readonly list: ListServer
  readonly clock: ReturnType<typeof movableClock>
  /** What `GET /admin/access-rules` says of the list. */
  state(): Promise<any>
  /** When a list that was answered after this call has been taken over. */
  taken(): Promise<void>
  /** The lines of the log about the list that did not come. */
  failures(): string[]
}

/** A gateway that asks a list server of its own every second, by a clock that can be put forward. */
export async function startAllowlist(
  first: ListAnswer = { body: goodList },
  settings: Record<string, string> = {},
): Promise<AllowlistContext> {
  const clock = movableClock()
  const list = await startListServer(first)
  const context = await startPeople(
    { ALLOWLIST_URL: list.url, ALLOWLIST_INTERVAL: '1s', ...settings },
    { now: clock.now },
  ).catch(async (error) => {
    await list.close()
    throw error
  })
  const state = async () => (await context.get('/admin/access-rules')).allowlist
  return {
    ...context,
    list,
    clock,
    state,
    taken: async () => {
      const calledAt = clock.now()
      const isFirst = (await state()).fetched_at === null
      if (!isFirst) await list.asked()
      // It says when it was asked for.
      await until('the list was taken over', async () => {
        const { fetched_at: at } = await state()
        return at !== null && (isFirst || new Date(at) >= calledAt)
      })
    },
    failures: () => context.gateway.log.filter((line) => line.includes('the list at ALLOWLIST_URL was not')),
    close: async () => {
      await context.close()
      await list.close()
    },
  }
}
