import { describe, expect, test } from 'vitest'
import { readConfig, SettingsError } from '../src/config.ts'

const required = {
  AUTH_BASE_URL: 'https://keys.corp.com',
  PROXY_MASTER_KEY: '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8',
}

function problemsOf(settings: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig({ ...required, ...settings })
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
}

describe('the settings of apps and JWTs', () => {
  test('have defaults with which nobody else may read our answers, and nothing makes a JWT for an audience', () => {
    expect(readConfig(required)).toMatchObject({
      unknownHost: 'allow',
      identityHeaders: 'x-auth-request',
      jwtTtl: 300,
      jwtAlg: 'ES256',
      jwtAudiences: [],
      jwtKeyAgeMax: 90 * 86_400,
      corsAllowOrigins: [],
    })
  })

  test('are read', () => {
    const config = readConfig({
      ...required,
      UNKNOWN_HOST: 'deny',
      IDENTITY_HEADERS: 'remote',
      JWT_TTL: '60m',
      JWT_ALG: 'RS256',
      JWT_AUDIENCES: ' https://reports.corp.com , billing,,',
      JWT_KEY_AGE_MAX: '1d',
      CORS_ALLOW_ORIGINS: 'https://App.corp.com/, https://tools.corp.com:8443, http://localhost:5173',
    })
    expect(config).toMatchObject({
      unknownHost: 'deny',
      identityHeaders: 'remote',
      jwtTtl: 3600,
      jwtAlg: 'RS256',
      jwtAudiences: ['https://reports.corp.com', 'billing'],
      jwtKeyAgeMax: 86_400,
      corsAllowOrigins: ['https://app.corp.com', 'https://tools.corp.com:8443', 'http://localhost:5173'],
    })
  })

  test.each([
    ['UNKNOWN_HOST', 'maybe'],
    ['IDENTITY_HEADERS', 'all'],
    ['JWT_TTL', '61m'],
    ['JWT_TTL', '119s'],
    ['JWT_TTL', '0'],
    ['JWT_ALG', 'none'],
    ['JWT_ALG', 'HS256'],
    ['JWT_AUDIENCES', 'two words'],
    ['JWT_KEY_AGE_MAX', 'never'],
    ['CORS_ALLOW_ORIGINS', '*'],
    ['CORS_ALLOW_ORIGINS', 'null'],
    ['CORS_ALLOW_ORIGINS', 'https://*.corp.com'],
    ['CORS_ALLOW_ORIGINS', 'http://app.corp.com'],
    ['CORS_ALLOW_ORIGINS', 'https://app.corp.com/path'],
    ['CORS_ALLOW_ORIGINS', 'https://user@app.corp.com'],
  ])('%s=%s stops the start, by its name', (name, text) => {
    expect(problemsOf({ [name]: text })).toEqual([expect.stringMatching(new RegExp(`^${name}: .{10,}`))])
  })
})
