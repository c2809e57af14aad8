import { expect } from 'vitest'
import { type Config, readConfig, SettingsError } from '../../src/config.ts'

export const required = {
  AUTH_BASE_URL: 'https://keys.corp.com',
  PROXY_MASTER_KEY: '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8',
}
export const googleSettings = {
  GOOGLE_CLIENT_ID: 'google-id',
  GOOGLE_CLIENT_SECRET: 'GOCSPX-9dKq2LmB7xRa4fT9',
}
export const clientSecret = 'q7Zt2mXv9LrB4nKc8WsPd3Hy'

/** A whole provider, by the upper-case form of its id; undefined takes a part away. */
export function provider(
  name: string,
  change: Record<string, string | undefined> = {},
): Record<string, string> {
  const parts = {
    ISSUER: `https://${name.toLowerCase().replaceAll('_', '-')}.idp.test`,
    CLIENT_ID: 'id',
    CLIENT_SECRET: clientSecret,
    ...change,
  }
  const named = Object.entries(parts).map(([part, value]) => [`PROVIDER_${name}_${part}`, value])
  return Object.fromEntries(named.filter(([, value]) => value !== undefined))
}

export function providersOf(settings: Record<string, string>): Config['providers'] {
  return readConfig({ ...required, ...settings }).providers
}

/** The problems that these settings are refused with; none when they are good. */
export function problemsOf(settings: Record<string, string>): readonly string[] {
  try {
    readConfig({ ...required, ...settings })
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
}

/** Holds that there is one problem, that it is about this setting, and that it says what to do. */
export function expectProblem(settings: Record<string, string>, name: string, text: RegExp): void {
  const problems = problemsOf(settings)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(new RegExp(`^${name}: .{10,}`))
  expect(problems[0]).toMatch(text)
  expect(problems[0]).not.toContain(clientSecret)
}
