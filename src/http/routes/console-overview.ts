import type { Context, Hono } from 'hono'
import { z } from 'zod'
import { OverviewPage } from '../../../templates/console/overview-page.tsx'
import { withQuery } from '../../../templates/data-table.tsx'
import { renderPage } from '../../../templates/layout.tsx'
import type { Config } from '../../config.ts'
import type { DescribeDesk } from '../../services/describe-desk.ts'
import { nameParties } from '../../services/name-parties.ts'
import type { AuditRow } from '../../storage/audit.ts'
import type { User } from '../../storage/users.ts'
import type { AppEnvironment } from '../environment.ts'
import { readQuery } from '../read-query.ts'
import type { ConsoleDependencies } from './console.ts'

type Desk = Awaited<ReturnType<DescribeDesk>>

/** The first page of the console: how the desk stands. */
export function consoleOverviewRoutes(
  app: Hono<AppEnvironment>,
  dependencies: ConsoleDependencies & { config: Pick<Config, 'adminBearer'>; describeDesk: DescribeDesk },
): void {
  const { storage, makeFrame, config, describeDesk } = dependencies

  app.get('/console', async (c) => c.html(await show(c)))

  async function show(c: Context<AppEnvironment>): Promise<string> {
    readQuery(c, z.strictObject({}))
    const desk = await describeDesk()
    const frame = makeFrame(c, null)
    const moreHref = desk.hasMoreExpiring
      ? keysWith({
          status: 'active',
          sort: 'expires_at',
          expiring_before: desk.expiringBefore.toISOString(),
        })
      : null
    return renderPage(
      OverviewPage({
        ...desk,
        frame,
        verifications: desk.hours.map(({ at, valid }) => ({ at, count: valid })),
        refusals: desk.hours.map(({ at, refused }) => ({ at, count: refused })),
        reasons: desk.refusals,
        hints: hintsOf(desk, config.adminBearer),
        expiring: {
          keys: desk.expiring.map(({ key, owner }) => ({
            ...key,
            owner: named(owner),
            expiresAt: key.expiresAt ?? frame.now,
          })),
          moreHref,
          now: frame.now,
        },
        refusedKeys: desk.refusedKeys.map(({ refusal, keyName, owner }) => ({
          ...refusal,
          keyName,
          owner: named(owner),
        })),
        turnedAway: await turnedAway(desk.turnedAway),
      }),
    )
  }

  async function turnedAway(events: readonly AuditRow[]) {
    const name = await nameParties(
      storage,
      events.map(({ event }) => event.actor),
    )
    return events.map(({ event, details }) => ({
      what: event.action === 'sign_in.refused' ? 'Sign-in' : 'Admin call',
      who: details?.email ?? name(event.actor).label,
      reason: typeof event.facts.reason === 'string' ? event.facts.reason : '',
      address: details?.address ?? null,
      at: event.at,
    }))
  }
}

/** What an admin should look at, and where. Whoever reads it is an admin, so there is one besides the master key. */
function hintsOf({ unused, unanswered }: Desk, adminBearer: boolean) {
  const unusedText =
    unused === 1
      ? 'One live key has not been used for 90 days, or never.'
      : `${unused.toLocaleString('en')} live keys have not been used for 90 days, or never.`
  const unansweredText =
    unanswered === 1
      ? 'One service account has nobody who answers for it.'
      : `${unanswered} service accounts have nobody who answers for them.`
  const unusedHref = keysWith({ status: 'active', unused_days: '90' })
  return [
    ...(unused === 0 ? [] : [{ text: unusedText, href: unusedHref, link: 'Look at them' }]),
    ...(unanswered === 0
      ? []
      : [{ text: unansweredText, href: '/console/service-accounts', link: 'Look at them' }]),
    ...(adminBearer
      ? [
          {
            text: 'The master key opens the admin API, though there are admins now. ADMIN_BEARER=off closes that door.',
            href: null,
            link: null,
          },
        ]
      : []),
  ]
}

function named({ id, name, email }: User) {
  return { id, label: name ?? email ?? id }
}

function keysWith(filter: Record<string, string>): string {
  return withQuery('/console/keys', filter)
}
