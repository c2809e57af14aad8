import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the list server answers; a function answers by itself. */
export type ListAnswer =
  | { status?: number; headers?: Record<string, string>; body?: unknown }
  | ((request: IncomingMessage, response: ServerResponse) => void)

export interface ListServer {
  readonly url: string
  /** Every request so far: its path and its headers. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[]
  /** From now on. */
  answer(how: ListAnswer): void
  /** When it has answered a request that came after this call. */
  asked(): Promise<void>
  close(): Promise<void>
}

/** A real HTTP server that gives a list of who may come in, or something else. */
export async function startListServer(first: ListAnswer): Promise<ListServer> {
  let current = first
  const requests: ListServer['requests'] = []
  let waiting: (() => void)[] = []

  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers })
    const told = waiting
    waiting = []
    response.on('close', () => {
      for (const done of told) done()
    })
    if (typeof current === 'function') return current(request, response)
    const { status = 200, headers = {}, body = '' } = current
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.json`,
    requests,
    answer: (how) => {
      current = how
    },
    asked: () => new Promise((done) => waiting.push(done)),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Asks again and again, giving way in between, until it is so. @throws Error after ten seconds */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const begunAt = performance.now()
  while (!(await isSo())) {
    if (performance.now() - begunAt > 10_000) throw new Error(`it did not come to be that ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
