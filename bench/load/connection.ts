import { connect, type Socket } from 'node:net'

/** One kept-alive connection with at most one request under way. */
export interface Connection {
  ask(request: Buffer, answered: (status: number) => void): void
  close(): void
}

const headEnd = '\r\n\r\n'
const noBytes = Buffer.alloc(0)

/**
 * Opens a connection that reads as little of an answer as it must: its status and how long it is. An HTTP client would
 * use more of the two cores than the server under test.
 */
export async function openConnection(port: number): Promise<Connection> {
  const socket = await connected(port)
  let waiting: ((status: number) => void) | null = null
  let received: Buffer = noBytes
  let isClosing = false

  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const status = completeStatus(received)
    if (status === null) return
    received = noBytes
    const answered = waiting
    waiting = null
    if (answered === null) throw new Error('an answer came that nobody had asked for')
    answered(status)
  })
  socket.on('close', () => {
    // Idle connections may be closed: a client of 300 that was served early waits longer than servers keep them.
    if (!isClosing && waiting !== null) throw new Error('the server closed a connection without an answer')
  })

  return {
    ask(request, answered) {
      if (waiting !== null) throw new Error('the connection is busy')
      waiting = answered
      socket.write(request)
    },
    close() {
      isClosing = true
      socket.destroy()
    },
  }
}

/** The status, once the whole answer is there. @throws when more is there, or its length is not told. */
function completeStatus(received: Buffer): number | null {
  const headLength = received.indexOf(headEnd)
  if (headLength === -1) return null
  const head = received.toString('latin1', 0, headLength)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`an answer does not tell its length:\n${head}`)
  const missing = headLength + headEnd.length + Number(length) - received.length
  if (missing < 0) throw new Error('more came than the answer')
  return missing > 0 ? null : Number(head.slice(9, 12))
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      socket.off('error', reject)
      socket.on('error', (error) => {
        throw error
      })
      resolve(socket)
    })
    socket.once('error', reject)
  })
}
