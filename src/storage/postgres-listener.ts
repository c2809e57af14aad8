import pg from 'pg'

const answerMsMax = 2000
const probeMs = 5000
const retryMsMin = 100
const retryMsMax = 1000
/** Where the connection works and nothing is heard, as behind a pooler, trying again soon mends nothing. */
const deafRetryMs = 15_000

/**
 * Listens for notifications, and connects again for as long as it takes whenever the connection is lost. `notified` is
 * called for each, and after each connecting: what was said in between went unheard. Whether anything is heard at all is
 * tried out, by a notification that `notify` sends to a channel of this process over the connections that changes are
 * written on.
 */
export function keepListening(dependencies: {
  connection: pg.ClientConfig
  channels: { changes: string; probe: string }
  notify: (channel: string) => Promise<unknown>
  notified: () => void
  /** Called when it changes, and when the first try fails. */
  stateChanged: (isListening: boolean, cause?: unknown) => void
}): { isListening(): boolean; close(): void } {
  const { connection, channels, notify, notified, stateChanged } = dependencies
  let current: pg.Client | null = null
  let isListening = false
  let wasToldDeaf = false
  let isClosed = false
  let retryMs = retryMsMin
  let timer: NodeJS.Timeout | undefined
  connect()

  return {
    isListening: () => isListening,
    close: () => {
      isClosed = true
      clearTimeout(timer)
      // Not waited for: a dead wire never answers.
      end(current)
    },
  }

  function connect(): void {
    const client = new pg.Client({
      ...connection,
      connectionTimeoutMillis: answerMsMax,
      query_timeout: answerMsMax,
    })
    current = client
    let cause: unknown
    let heardProbe: (() => void) | null = null
    client.on('error', (error) => {
      cause ??= error
    })
    client.on('end', () => lost(client, cause))
    client.on('notification', ({ channel }) => (channel === channels.probe ? heardProbe?.() : notified()))
    client
      .connect()
      .then(() => client.query(`LISTEN ${channels.changes}; LISTEN ${channels.probe}`))
      .then(() => tryOut())
      .catch((error) => {
        cause ??= error
        // A client that never connected does not say that it ended.
        end(client)
        lost(client, cause)
      })

    async function tryOut(): Promise<void> {
      await withinTime(
        new Promise<void>((resolve, reject) => {
          heardProbe = resolve
          notify(channels.probe).catch(reject)
        }),
      )
      if (client !== current || isClosed) return
      retryMs = retryMsMin
      if (!isListening) heard()
      timer = setTimeout(() => {
        tryOut().catch((error) => {
          cause ??= error
          end(client)
          lost(client, cause)
        })
      }, probeMs)
      timer.unref()
    }
  }

  function heard(): void {
    isListening = true
    if (wasToldDeaf) stateChanged(true)
    wasToldDeaf = false
    notified()
  }

  function lost(client: pg.Client, cause: unknown): void {
    if (client !== current || isClosed) return
    current = null
    const wasHearing = isListening
    isListening = false
    if (!wasToldDeaf) stateChanged(false, cause)
    wasToldDeaf = true
    clearTimeout(timer)
    // Who has heard before sits on a wire that was cut since, and not behind a pooler.
    timer = setTimeout(connect, cause instanceof NothingHeard && !wasHearing ? deafRetryMs : retryMs)
    timer.unref()
    retryMs = Math.min(retryMs * 2, retryMsMax)
  }
}

class NothingHeard extends Error {}

function end(client: pg.Client | null): void {
  client?.end().catch(() => undefined)
}

function withinTime(work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const overdue = setTimeout(() => reject(new NothingHeard('no notification was heard')), answerMsMax)
    overdue.unref()
    work.then(resolve, reject).finally(() => clearTimeout(overdue))
  })
}
