import { createServer } from 'node:http'

/* The app behind the proxies: `echo-server.ts <port>` says who asks, as far as it is told, and for what. */

const [, , port = ''] = process.argv

createServer((request, response) => {
  const { 'x-auth-request-user': user = 'nobody', 'x-auth-request-method': method = 'none' } = request.headers
  const body = `${user} by ${method} asks for ${request.url}\n`
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}).listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
