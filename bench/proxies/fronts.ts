import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, root, startNode, startProgram, typescript } from '../processes.ts'
import { listening, type Server } from '../servers.ts'
import { appHost } from './credentials.ts'

/** A real proxy before the app, with Keydesk asked about each request, and without. */
export interface Front {
  readonly name: 'nginx' | 'Caddy'
  readonly version: string
  readonly protectedPort: number
  readonly barePort: number
}

/** The app that the proxies stand before. */
export async function startEcho(): Promise<Server> {
  const port = await freePort()
  const file = join(import.meta.dirname, 'echo-server.ts')
  return listening('echo', port, () => startNode([...typescript, file, String(port)]))
}

/** nginx with the files of `deploy/nginx`: one server includes them, the other does not. */
export async function startNginx(folder: string, keydeskPort: number, echoPort: number): Promise<Front> {
  const home = join(folder, 'nginx')
  mkdirSync(home, { recursive: true, mode: 0o755 })
  const [protectedPort, barePort] = [await freePort(), await freePort()]
  for (const name of ['keydesk.conf', 'keydesk-headers.conf']) {
    const text = readFileSync(join(root, 'deploy/nginx', name), 'utf8')
    writeFileSync(join(home, name), text.replaceAll('/etc/nginx/keydesk/', `${home}/`))
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const file = join(home, 'nginx.conf')
  writeFileSync(
    file,
    `worker_processes auto;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid ${home}/nginx.pid;
    error_log stderr crit;
    events { worker_connections 4096; }
    http {
      access_log off;
      # The load generator keeps its connections.
      keepalive_requests 1000000000;
      ${temporary.map((kind) => `${kind}_temp_path ${home}/${kind};`).join('\n')}
      upstream keydesk { server 127.0.0.1:${keydeskPort}; keepalive 32; }
      upstream app { server 127.0.0.1:${echoPort}; keepalive 32; }
      server {
        listen 127.0.0.1:${protectedPort};
        set $keydesk_origin http://${appHost};
        include ${home}/keydesk.conf;
        location / { proxy_pass http://app; }
      }
      server {
        listen 127.0.0.1:${barePort};
        location / {
          proxy_pass http://app;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_set_header X-Forwarded-Proto $scheme;
        }
      }
    }
    `,
  )
  await listening('nginx', protectedPort, () =>
    startProgram('nginx', ['-c', file, '-p', home, '-e', 'stderr', '-g', 'daemon off;']),
  )
  return { name: 'nginx', version: versionOf('nginx', ['-v']), protectedPort, barePort }
}

/** Caddy with the snippet of `deploy/caddy`: one site imports it, the other does not. */
export async function startCaddy(folder: string, keydeskPort: number, echoPort: number): Promise<Front> {
  const home = join(folder, 'caddy')
  mkdirSync(home, { recursive: true })
  const [protectedPort, barePort] = [await freePort(), await freePort()]
  const example = readFileSync(join(root, 'deploy/caddy/Caddyfile'), 'utf8')
  const snippet = /^\(keydesk\) \{$.*?^\}$/ms.exec(example)?.[0]
  if (snippet === undefined) throw new Error('deploy/caddy/Caddyfile has no snippet (keydesk)')
  const file = join(home, 'Caddyfile')
  const site = (port: number, lines: string) =>
    `http://${appHost}:${port} {\n\tbind 127.0.0.1\n\troute {\n\t\t${lines}\n\t}\n}\n`
  writeFileSync(
    file,
    [
      '{\n\tadmin off\n\tauto_https off\n\tlog {\n\t\toutput discard\n\t}\n}\n',
      snippet.replaceAll('127.0.0.1:3000', `127.0.0.1:${keydeskPort}`),
      site(protectedPort, `import keydesk\n\t\treverse_proxy 127.0.0.1:${echoPort}`),
      site(barePort, `reverse_proxy 127.0.0.1:${echoPort}`),
    ].join('\n'),
  )
  const environment = { XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
  await listening('caddy', protectedPort, () =>
    startProgram('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], { environment }),
  )
  return { name: 'Caddy', version: versionOf('caddy', ['version']), protectedPort, barePort }
}

/** Null when the program is there, or why it cannot be measured. */
export function missing(program: 'nginx' | 'caddy'): string | null {
  try {
    versionOf(program, [program === 'nginx' ? '-v' : 'version'])
    return null
  } catch {
    return `${program} is not installed, and was not measured.`
  }
}

/** nginx says it on standard error. */
function versionOf(program: string, parameters: readonly string[]): string {
  const said = execFileSync('sh', ['-c', '"$0" "$@" 2>&1', program, ...parameters], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(said)?.[0] ?? 'unknown'
}
