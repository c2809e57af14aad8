import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:tls'
import { describe } from 'vitest'
import { createCertificateFolder } from '../certificates.ts'

export type ProxyName = 'nginx' | 'caddy'

/** Where Debian puts them. */
export const programs: Record<ProxyName, string> = {
  nginx: process.env.NGINX_PATH || '/usr/sbin/nginx',
  caddy: process.env.CADDY_PATH || '/usr/bin/caddy',
}

const deploy = resolve(import.meta.dirname, '../../../deploy')

/** The names in our configurations, and the ports that take the place of theirs. */
export interface Places {
  readonly httpsPort: number
  readonly keydeskPort: number
  readonly appPort: number
  /** Further replacements in the files: what a comment of theirs says can be changed. */
  readonly changes?: readonly (readonly [string, string])[]
}

export interface ProxyProcess {
  /** All that it logged. */
  log(): string
  close(): Promise<void>
}

/** `describe` for what needs these proxies. Where one is missing one line says so; with CI set it fails. */
export function describeBehind(names: readonly ProxyName[], title: string, define: () => void): void {
  const missing = names.filter((name) => !existsSync(programs[name]))
  if (missing.length === 0 || process.env.CI) {
    describe(title, define)
    return
  }
  // Not through the console, which Vitest takes hold of and spreads over several lines.
  writeSync(1, `Skipped "${title}": install what is missing with: apt-get install ${missing.join(' ')}\n`)
  describe.skip(title, define)
}

/** Starts a proxy with the very files of `deploy/`, in which only names, ports and paths are others. */
export async function startProxy(name: ProxyName, places: Places): Promise<ProxyProcess> {
  if (!existsSync(programs[name])) throw new Error(`CI needs ${programs[name]}: apt-get install ${name}`)
  const folder = mkdtempSync(join(tmpdir(), `keydesk-${name}-`))
  const parameters = name === 'nginx' ? writeNginx(folder, places) : writeCaddy(folder, places)
  const child = spawn(programs[name], parameters, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const killWithUs = () => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  let said = ''
  const hear = (text: string) => {
    said += text
  }
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  let hasEnded = false
  const ended = new Promise<void>((done) => child.once('close', () => done())).then(() => {
    hasEnded = true
  })
  child.once('error', (error) => hear(error.message))
  const close = async () => {
    // At once, for nginx SIGTERM: its master takes the workers along.
    child.kill('SIGTERM')
    await ended
    process.off('exit', killWithUs)
    rmSync(folder, { recursive: true, force: true })
  }
  const isReady = async () =>
    (await isServed(places.httpsPort, 'app.corp.test')) && isServed(places.httpsPort, 'keys.corp.test')
  for (let tries = 0; !(await isReady()); tries += 1) {
    if (hasEnded || tries > 600) {
      await close()
      throw new Error(`${name} did not start:\n${said}`)
    }
    await pause(20)
  }
  return { log: () => said, close }
}

/** Writes a configuration with these places and answers the parameters that run it. */
export function writeNginx(folder: string, places: Places): string[] {
  const certificates = createCertificateFolder()
  const { certificateFile, keyFile } = certificates.authority('Test').certify(['DNS:*.corp.test'])
  cpSync(certificateFile, join(folder, 'fullchain.pem'))
  cpSync(keyFile, join(folder, 'privkey.pem'))
  certificates.remove()
  for (const file of ['app.conf', 'keydesk.conf', 'keydesk-headers.conf']) {
    const text = readFileSync(join(deploy, 'nginx', file), 'utf8')
      .replaceAll('https://app.example.com', `https://app.corp.test:${places.httpsPort}`)
      .replaceAll('listen 443 ', `listen 127.0.0.1:${places.httpsPort} `)
      .replaceAll('/etc/nginx/keydesk/', `${folder}/`)
      .replaceAll('/etc/ssl/keydesk/', `${folder}/`)
    writeFileSync(join(folder, file), withPlaces(text, places))
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => {
    mkdirSync(join(folder, kind))
    return `${kind}_temp_path ${join(folder, kind)};`
  })
  // What a distribution has in its nginx.conf, around what we ship.
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
pid ${join(folder, 'nginx.pid')};
error_log stderr info;
worker_processes 1;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  include ${join(folder, 'app.conf')};
}
`,
  )
  return ['-p', folder, '-c', join(folder, 'nginx.conf')]
}

/** The same for Caddy, whose certificates are made by itself. */
export function writeCaddy(folder: string, places: Places): string[] {
  const text = readFileSync(join(deploy, 'caddy/Caddyfile'), 'utf8')
    .replace(
      /^\{$/m,
      `{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n\thttps_port ${places.httpsPort}`,
    )
    .replace('X-Forwarded-Host {host}', `X-Forwarded-Host {host}:${places.httpsPort}`)
  writeFileSync(join(folder, 'Caddyfile'), withPlaces(text, places))
  return ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']
}

function withPlaces(text: string, { keydeskPort, appPort, changes = [] }: Places): string {
  const placed = text
    .replaceAll('.example.com', '.corp.test')
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${keydeskPort}`)
    .replaceAll('127.0.0.1:8501', `127.0.0.1:${appPort}`)
  return changes.reduce((changed, [from, to]) => changed.replaceAll(from, to), placed)
}

/** Whether it speaks TLS by this name: Caddy listens before its certificates are made. */
function isServed(port: number, servername: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }, () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}
