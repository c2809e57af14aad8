/**
 * A host in the form in which hosts are compared: lower-case ASCII, without one trailing dot, without the default port of its
 * scheme. Without a scheme it is the form in which apps are stored: there neither 443 nor 80 is written. Null for whatever is
 * no host: user info, a path, spaces, a list, a wildcard, a port that is none.
 */
export function normalHost(text: string, scheme: 'http' | 'https' | null = null): string | null {
  const [, written, port] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9][0-9]{0,4}))?$/i.exec(text) ?? []
  if (written === undefined || Number(port ?? 1) > 65_535) return null
  const name = written.toLowerCase().replace(/\.$/, '')
  if (!isHostName(name)) return null
  return port === undefined || defaultPorts[scheme ?? 'any'].includes(port) ? name : `${name}:${port}`
}

/** The same host without its port. */
export function hostName(host: string): string {
  return host.replace(/:[0-9]+$/, '')
}

const defaultPorts = { http: ['80'], https: ['443'], any: ['80', '443'] }

/** Whether a text is a host name or an address as a URL has it, not another way to write one. */
function isHostName(name: string): boolean {
  if (name.length > 253 || !/^\[|^(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) return false
  return URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name
}
