import type * as oidcProvider from 'oidc-provider'

/**
 * Loads oidc-provider without its advice for production. It prints while it is imported (Node 20 is too old
 * for its taste), while a provider is made and on first use of a default, so the filter stays in place; it
 * drops only what the library marks as its own.
 */
export async function loadQuietOidcProvider(): Promise<typeof oidcProvider> {
  if (!filterInstalled) {
    filterInstalled = true
    const { info, warn } = globalThis.console
    Object.assign(globalThis.console, { info: unlessAdvice(info), warn: unlessAdvice(warn) })
  }
  return import('oidc-provider')
}

let filterInstalled = false

function unlessAdvice(print: (...data: unknown[]) => void): (...data: unknown[]) => void {
  return (...data) => {
    if (typeof data[0] === 'string' && /oidc-provider (NOTICE|WARNING):/.test(data[0])) return
    print(...data)
  }
}
