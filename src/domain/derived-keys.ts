import { hkdfSync } from 'node:crypto'

/** Keys derived from the master key, one for each use, so that no use can stand in for another. */
export interface DerivedKeys {
  /** Signs the OAuth `state`. */
  readonly state: Uint8Array
  /** Seals the cookie of a sign-in attempt. */
  readonly attempt: Uint8Array
  /** Wraps the keyring. */
  readonly keyring: Uint8Array
  /** Names the one audit row that an address gets for an action and a minute. */
  readonly auditThrottle: Uint8Array
  /** Makes the tokens of forms. */
  readonly form: Uint8Array
}

/** HKDF-SHA256 (RFC 5869) over the master key; 32 bytes a key. */
export function deriveKeys(masterKey: string): DerivedKeys {
  const derive = (use: string) =>
    new Uint8Array(hkdfSync('sha256', masterKey, 'keydesk/v1', `keydesk/v1/${use}`, 32))
  return {
    state: derive('state'),
    // The number is that of the form of what it seals.
    attempt: derive('attempt/3'),
    keyring: derive('keyring'),
    auditThrottle: derive('audit-throttle'),
    form: derive('form'),
  }
}
