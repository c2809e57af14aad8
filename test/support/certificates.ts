import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverUser } from './postgres-programs.ts'

/** A certificate and its key, as files that a Postgres of ours can read. */
export interface Certificate {
  readonly certificateFile: string
  readonly keyFile: string
}

/** An authority that nobody knows, and what it certifies. */
export interface Authority {
  readonly rootFile: string
  /** For a server with these names: `DNS:localhost`, `IP:127.0.0.1`. Negative days: it has expired. */
  certify(names: readonly string[], days?: number): Certificate
}

const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Whether certificates can be made on this machine. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A folder for authorities and what they certify, until `remove`. */
export function createCertificateFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-certificates-'))
  const user = serverUser()
  const give = (path: string) => {
    if (user.uid !== undefined && user.gid !== undefined) chownSync(path, user.uid, user.gid)
  }
  give(folder)
  let count = 0
  const openssl = (...parameters: string[]) =>
    execFileSync('openssl', parameters, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const fileNamed = (name: string) => {
    count += 1
    return join(folder, `${name}-${count}.pem`)
  }

  return {
    authority(name: string): Authority {
      const [rootFile, rootKeyFile] = [fileNamed('root'), fileNamed('root-key')]
      openssl(
        ...['req', '-x509', ...keyKind, '-days', '2', '-subj', `/CN=${name}`],
        ...['-addext', 'keyUsage=critical,keyCertSign', '-out', rootFile, '-keyout', rootKeyFile],
      )
      return {
        rootFile,
        certify(names, days = 2) {
          const [requestFile, extensionsFile] = [fileNamed('request'), fileNamed('extensions')]
          const [certificateFile, keyFile] = [fileNamed('server'), fileNamed('server-key')]
          writeFileSync(extensionsFile, `subjectAltName=${names.join()}\nbasicConstraints=CA:FALSE\n`)
          openssl('req', '-new', ...keyKind, '-subj', '/CN=postgres', '-out', requestFile, '-keyout', keyFile)
          openssl(
            ...['x509', '-req', '-in', requestFile, '-CA', rootFile, '-CAkey', rootKeyFile],
            ...['-set_serial', String(count), '-days', String(days), '-extfile', extensionsFile],
            ...['-out', certificateFile],
          )
          give(certificateFile)
          give(keyFile)
          return { certificateFile, keyFile }
        },
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
