/**
 * Walks the stand-in's pages over plain HTTP, as a browser with a fresh cookie jar would, and returns the
 * callback URL that the browser would be sent to, without following it. Give the account's `sub`, or
 * 'cancel'. Throws with the page's text when the provider refuses to go on.
 */
export async function signInAtProvider(authorizationUrl: string, choice: string): Promise<string> {
  const start = new URL(authorizationUrl)
  const cookies = new Map<string, string>()

  let url = start
  let form: URLSearchParams | undefined
  for (let hop = 0; hop < hopsMax; hop += 1) {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      body: form ?? null,
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
    })
    keepCookies(cookies, response)
    const page = await response.text()
    form = undefined
    const location = response.headers.get('location')
    if (location) {
      url = new URL(location, url)
      if (url.origin !== start.origin) return url.href
      continue
    }
    if (response.status !== 200) throw new Error(`The provider answered ${response.status}: ${textOf(page)}`)
    if (!page.includes(`value="${choice}"`)) throw new Error(`No account ${choice} to pick: ${textOf(page)}`)
    form = new URLSearchParams({ account: choice })
  }
  throw new Error(`No callback after ${hopsMax} requests; the last was ${url.href}`)
}

const hopsMax = 10

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';', 1)
    const name = pair.slice(0, pair.indexOf('='))
    const value = pair.slice(name.length + 1)
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
}

function textOf(page: string): string {
  const withoutStyle = page.replace(/<style>[\s\S]*?<\/style>/g, ' ')
  return withoutStyle
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
}
