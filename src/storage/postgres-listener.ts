import pg from 'pg'

const retryMsMin = 100
const retryMsMax = 1000
const probeMs = 5000
const answerMsMax = 2000

/**
 * Listens on a channel, and connects again for as long as it takes whenever the connection is lost. `notified` is called
 * for each notification, and after each connecting: what was said in between went unheard.
 */
export function keepListening(dependencies: {
  connection: pg.ClientConfig
  channel: string
  notified: () => void
  stateChanged: (listening: boolean, cause?: unknown) => void
}): { isListening(): boolean; close(): Promise<void> } {
  const { connection, channel, notified, stateChanged } = dependencies
  let current: pg.Client | null = null
  let isListening = false
  let isClosed = false
  let retryMs = retryMsMin
  let timer: NodeJS.Timeout | undefined
  connect()

  return {
    isListening: () => isListening,
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await current?.end().catch(() => undefined)
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
    client.on('error', (error) => {
      cause ??= error
    })
    client.on('notification', notified)
    client.on('end', () => lost(client, cause))
    client
      .connect()
      .then(() => client.query(`LISTEN ${channel}`))
      .then(() => heard(client))
      .catch((error) => {
        cause ??= error
        // A client that never connected does not say that it ended.
        void client.end().catch(() => undefined)
        lost(client, cause)
      })
  }

  function heard(client: pg.Client): void {
    retryMs = retryMsMin
    isListening = true
    stateChanged(true)
    notified()
    probeLater(client)
  }

  /** A wire that was cut says nothing, as a quiet channel does; so it is asked now and then. */
  function probeLater(client: pg.Client): void {
    timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => client === current && !isClosed && probeLater(client),
        () => void client.end().catch(() => undefined),
      )
    }, probeMs)
    timer.unref()
  }

  function lost(client: pg.Client, cause: unknown): void {
    if (client !== current || isClosed) return
    current = null
    if (isListening) stateChanged(false, cause)
    isListening = false
    clearTimeout(timer)
    timer = setTimeout(connect, retryMs)
    timer.unref()
    retryMs = Math.min(retryMs * 2, retryMsMax)
  }
}
