import { request } from 'node:http'

/** An answer as it is on the wire, but for what Node's server adds to every answer itself. */
export interface RawAnswer {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** Its request id, in the place of which another comes for every request. */
  readonly requestId: string
}

const ofNode = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'])

/** A GET, with nothing but these headers and the host. */
export interface RawRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** What a service asks that checks a key. */
export function validationOf(keyText: string): RawRequest {
  return { path: '/v1/validate', headers: { 'X-API-Key': keyText, Accept: '*/*' } }
}

export function fetchRaw(port: number, { path, headers }: RawRequest): Promise<RawAnswer> {
  return new Promise((done, fail) => {
    const asking = request({ port, host: '127.0.0.1', path, headers, agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      answer.once('end', () => {
        const pairs: [string, string][] = []
        for (let at = 0; at < answer.rawHeaders.length; at += 2) {
          const [name = '', value = ''] = answer.rawHeaders.slice(at, at + 2)
          if (!ofNode.has(name.toLowerCase())) pairs.push([name, value])
        }
        const requestId = String(answer.headers['x-request-id'])
        done({ status: answer.statusCode ?? 0, headers: pairs, body, requestId })
      })
    })
    asking.once('error', fail).end()
  })
}

/** @throws unless both answers have the same status, the same headers and a body of the same length. */
export function requireAlike(limit: RawAnswer, product: RawAnswer): void {
  const shape = ({ status, headers, body, requestId }: RawAnswer) =>
    JSON.stringify({
      status,
      headers: headers
        .map(([name, value]) => [name.toLowerCase(), value.replaceAll(requestId, 'id')])
        .sort(([one = ''], [other = '']) => (one < other ? -1 : 1)),
      body: body.replaceAll(requestId, 'id'),
      length: body.length,
    })
  if (shape(limit) !== shape(product)) {
    throw new Error(`the limit answers something else:\n${shape(limit)}\n${shape(product)}`)
  }
}
