/** "Firefox on Linux"; the text itself where it is none that people would recognise. */
export function describeUserAgent(text: string): string {
  const named = (table: readonly (readonly [string, RegExp])[]) =>
    table.find(([, pattern]) => pattern.test(text))?.[0]
  const browser = named(browsers)
  const system = named(systems)
  return text.startsWith('Mozilla/5.0 (') && browser && system ? `${browser} on ${system}` : text
}

// In this order: most browsers also name those that they are like.
const browsers = [
  ['Edge', /\bEdg(A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(Firefox|FxiOS)\//],
  ['Chrome', /(Chrome|Chromium|\bCriOS)\//],
  ['Safari', /\bVersion\/.* Safari\//],
] as const
const systems = [
  ['an iPhone', /\(iPhone;/],
  ['an iPad', /\(iPad;/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows NT\b/],
  ['macOS', /\(Macintosh;/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
] as const
