import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { type AddressRange, parseRange } from './domain/client-address.ts'
import { isReservedScope, isScope } from './domain/scopes.ts'
import {
  allowedDomains,
  allowedEmails,
  baseUrl,
  boundedInteger,
  contact,
  cookieDomain,
  corsOrigins,
  databaseUrl,
  deniedEmails,
  duration,
  flag,
  foreignSecret,
  issuer,
  list,
  listUrl,
  masterKeyHint,
  optionalText,
  postgresUrl,
  rateLimit,
  returnOrigins,
  secret,
  shortDuration,
} from './setting-kinds.ts'

const day = 86_400

/** The settings by name; the defaults are those of the README table. */
export const settings = z.object({
  port: boundedInteger(0, 65_535).default(3000),
  host: z.string().min(1).default('0.0.0.0'),
  authBaseUrl: baseUrl,
  proxyMasterKey: secret(32, masterKeyHint),
  proxyMasterKeyPrevious: secret(32, 'give the former value, or remove it').optional(),
  adminBearer: z
    .enum(['on', 'off'], 'must be on or off')
    .transform((text) => text === 'on')
    .default(true),
  databaseUrl: databaseUrl.default('file:./data/keydesk.db'),
  databaseListenUrl: postgresUrl.optional(),
  databasePoolSize: boundedInteger(4, 1000).default(10),
  databaseConnectTimeout: shortDuration
    .refine((ms) => ms >= 50 && ms <= 60_000, 'must be between 50ms and 1m')
    .default(500),
  databaseStatementTimeout: shortDuration
    .refine((ms) => ms >= 50 && ms <= 60_000, 'must be between 50ms and 1m')
    .default(1500),
  googleClientId: optionalText,
  googleClientSecret: optionalText,
  googleIssuer: issuer.default('https://accounts.google.com'),
  allowedDomains: allowedDomains.default([]),
  allowedEmails: allowedEmails.default([]),
  deniedEmails: deniedEmails.default([]),
  adminEmails: allowedEmails.default([]),
  signUp: z.enum(['open', 'invited'], 'must be open or invited').default('open'),
  invitationTtl: duration.refine((seconds) => seconds <= 90 * day, 'must be at most 90d').default(7 * day),
  adminContact: contact.optional(),
  allowlistUrl: listUrl.optional(),
  allowlistToken: foreignSecret.optional(),
  allowlistInterval: duration.refine((seconds) => seconds <= 3600, 'must be between 1s and 1h').default(60),
  allowlistStaleMax: duration.refine((seconds) => seconds <= 30 * day, 'must be at most 30d').default(3600),
  sessionIdle: duration
    .refine((seconds) => seconds >= 60 && seconds <= 400 * day, 'must be between 1m and 400d')
    .default(8 * 3600),
  sessionMax: duration
    .refine((seconds) => seconds >= 60 && seconds <= 400 * day, 'must be between 1m and 400d')
    .default(7 * day),
  cookieDomain: cookieDomain.optional(),
  returnToOrigins: returnOrigins.default([]),
  unknownHost: z.enum(['allow', 'deny'], 'must be allow or deny').default('allow'),
  identityHeaders: z
    .enum(['x-auth-request', 'remote'], 'must be x-auth-request or remote')
    .default('x-auth-request'),
  jwtTtl: duration
    .refine((seconds) => seconds >= 120 && seconds <= 3600, 'must be between 2m and 60m')
    .default(300),
  jwtAlg: z.enum(['ES256', 'RS256'], 'must be ES256 or RS256').default('ES256'),
  jwtAudiences: list('an audience: 1 to 200 printable characters without spaces and commas', (text) =>
    /^[!-~]{1,200}$/.test(text) ? text : null,
  ).default([]),
  jwtKeyAgeMax: duration
    .refine((seconds) => seconds >= day && seconds <= 400 * day, 'must be between 1d and 400d')
    .default(90 * day),
  corsAllowOrigins: corsOrigins.default([]),
  keyLease: z
    .union([z.literal('off').transform(() => null), duration], 'must be off, or a duration such as 30d')
    .default(null),
  dangerouslyAllowAnyAccount: flag.default(false),
  apiKeyPrefix: z
    .string()
    .regex(/^[a-z]{2,10}$/, 'must be 2 to 10 lower-case letters')
    .default('kd'),
  ssoKeyTtl: z
    .union([z.literal('never').transform(() => null), duration], 'must be never, or a duration such as 30d')
    .default(null),
  ssoKeyScopes: list('a scope, or it is a reserved one (keydesk:…)', (text) =>
    isScope(text) && !isReservedScope(text) ? text : null,
  ).default([]),
  ssoKeysMax: boundedInteger(1, 1000).default(20),
  selfServiceScopes: list('a scope, or it is a reserved one (keydesk:…)', (text) =>
    isScope(text) && !isReservedScope(text) ? text : null,
  ).default([]),
  selfServiceKeysMax: boundedInteger(0, 1000).default(20),
  auditRetention: z
    .union(
      [z.literal('forever').transform(() => null), duration],
      'must be forever, or a duration such as 365d',
    )
    .refine((seconds) => seconds === null || seconds >= day, 'must be at least 1d')
    .default(null),
  stateTtl: duration.refine((seconds) => seconds <= 3600, 'must be at most 1h').default(600),
  providerTimeout: duration.refine((seconds) => seconds <= 30, 'must be at most 30s').default(10),
  argon2MemoryKib: boundedInteger(8, 4_194_304).default(19_456),
  argon2TimeCost: boundedInteger(1, 100).default(2),
  argon2Parallelism: boundedInteger(1, 255).default(1),
  argon2Concurrency: boundedInteger(1, 128).default(Math.max(1, availableParallelism() - 1)),
  argon2QueueMax: boundedInteger(1, 1_000_000).default(1024),
  argon2QueueTimeout: duration.refine((seconds) => seconds <= 300, 'must be at most 5m').default(30),
  verifiedKeysMax: boundedInteger(1, 10_000_000).default(50_000),
  usageFlushInterval: duration.refine((seconds) => seconds <= 3600, 'must be at most 1h').default(5),
  keyRateLimit: rateLimit.default(null),
  failureRateLimit: rateLimit.default({ limit: 1200, window_seconds: 60 }),
  authRateLimit: rateLimit.default({ limit: 1200, window_seconds: 60 }),
  trustedProxies: list<AddressRange>('an address or a CIDR range', parseRange).default(
    [parseRange('127.0.0.0/8'), parseRange('::1/128')].filter((range) => range !== null),
  ),
  metricsToken: secret(16, 'make one with: openssl rand -hex 32').optional(),
  metricsPort: boundedInteger(1, 65_535).optional(),
  shutdownDelay: z
    .union([z.literal('0').transform(() => 0), duration], 'must be 0, or a duration such as 10s')
    .refine((seconds) => seconds <= 300, 'must be at most 5m')
    .default(0),
  logLevel: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    )
    .default('info'),
})

export type Settings = z.output<typeof settings>

/** The name of a setting as the environment spells it. */
export function environmentName(member: string): string {
  return member.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()
}
