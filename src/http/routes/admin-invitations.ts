import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { KeydeskError } from '../../domain/errors.ts'
import type { ApproveIdentity } from '../../services/approve-identity.ts'
import type { InviteUser } from '../../services/invite-user.ts'
import { listInvitations } from '../../services/list-invitations.ts'
import type { RemoveIdentity } from '../../services/remove-identity.ts'
import { requireWholeAdmin } from '../../services/require-whole-admin.ts'
import type { WithdrawInvitation } from '../../services/withdraw-invitation.ts'
import type { Storage } from '../../storage/storage.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireJson } from '../middleware/require-json.ts'
import { adminProblems, jsonAnswer, pageOf } from '../wire/answers.ts'
import { emailAddress, groups, id, idParameter, jsonBody, pageQuery, providerId } from '../wire/inputs.ts'
import { toWireInvitation, wireInvitation } from '../wire/invitation.ts'
import { adminSecurity } from '../wire/security.ts'

const invite = createRoute({
  method: 'post',
  path: '/admin/users',
  summary: 'Invite somebody',
  description:
    'Binds to the first verified sign-in with exactly this address at this provider, once, whatever the allow rules say.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    query: z.strictObject({}),
    body: jsonBody(
      z.strictObject({
        email: emailAddress,
        provider: providerId.default('google'),
        role: z.enum(['member', 'admin']).default('member'),
        groups: groups.default([]),
      }),
    ),
  },
  responses: {
    201: jsonAnswer(wireInvitation, 'The invitation. Pass its `url` on: Keydesk sends no mail.'),
    ...adminProblems('conflict', 'too_large', 'unsupported_media_type'),
  },
})

const approve = createRoute({
  method: 'post',
  path: '/admin/users/{id}/identities',
  summary: 'Approve that whoever signs in with this address next is this user',
  description:
    'For somebody whose account at the provider is a new one. Without this the sign-in is refused: nothing is merged by email.',
  security: adminSecurity,
  middleware: [requireJson] as const,
  request: {
    params: idParameter,
    query: z.strictObject({}),
    body: jsonBody(z.strictObject({ email: emailAddress, provider: providerId.default('google') })),
  },
  responses: {
    201: jsonAnswer(wireInvitation, 'The approval, which is listed with the invitations.'),
    ...adminProblems('not_found', 'conflict', 'too_large', 'unsupported_media_type'),
  },
})

const removeOne = createRoute({
  method: 'delete',
  path: '/admin/users/{id}/identities/{identity_id}',
  summary: 'Take a way to sign in away from a user, and end the user’s sessions',
  security: adminSecurity,
  request: { params: idParameter.extend({ identity_id: id }), query: z.strictObject({}) },
  responses: {
    204: { description: 'Nobody signs in as this user by it any more.' },
    ...adminProblems('not_found', 'conflict'),
  },
})

const list = createRoute({
  method: 'get',
  path: '/admin/invitations',
  summary: 'List invitations that nobody has taken up, newest first',
  security: adminSecurity,
  request: { query: pageQuery },
  responses: {
    200: jsonAnswer(pageOf(wireInvitation), 'A page of invitations.'),
    ...adminProblems(),
  },
})

const withdraw = createRoute({
  method: 'delete',
  path: '/admin/invitations/{id}',
  summary: 'Withdraw an invitation',
  security: adminSecurity,
  request: { params: idParameter, query: z.strictObject({}) },
  responses: {
    204: { description: 'Nobody can take it up any more.' },
    ...adminProblems('not_found'),
  },
})

export function adminInvitationRoutes(
  app: OpenAPIHono<AppEnvironment>,
  dependencies: {
    storage: Storage
    signInProviderIds: ReadonlySet<string>
    baseUrl: string
    inviteUser: InviteUser
    approveIdentity: ApproveIdentity
    withdrawInvitation: WithdrawInvitation
    removeIdentity: RemoveIdentity
    now: () => Date
  },
): void {
  const { storage, signInProviderIds, baseUrl, now } = dependencies
  const { inviteUser, approveIdentity, withdrawInvitation, removeIdentity } = dependencies

  app.openapi(invite, async (c) => {
    const request = c.req.valid('json')
    if (request.role === 'admin') requireWholeAdmin(c.get('grantor'))
    requireProvider(request.provider)
    const invitation = await inviteUser(request, c.get('actor'), c.get('origin'))
    return c.json(toWireInvitation(invitation, baseUrl, now()), 201)
  })

  app.openapi(approve, async (c) => {
    const request = c.req.valid('json')
    requireWholeAdmin(c.get('grantor'))
    requireProvider(request.provider)
    const { id } = c.req.valid('param')
    const approval = await approveIdentity(id, request, c.get('actor'), c.get('origin'))
    return c.json(toWireInvitation(approval, baseUrl, now()), 201)
  })

  app.openapi(removeOne, async (c) => {
    const { id: userId, identity_id: identityId } = c.req.valid('param')
    await removeIdentity(userId, identityId, c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })

  app.openapi(list, async (c) => {
    const page = await listInvitations(storage, c.req.valid('query'))
    const data = page.rows.map((invitation) => toWireInvitation(invitation, baseUrl, now()))
    return c.json({ data, next_cursor: page.nextCursor }, 200)
  })

  app.openapi(withdraw, async (c) => {
    await withdrawInvitation(c.req.valid('param').id, c.get('actor'), c.get('origin'))
    return c.body(null, 204)
  })

  /** @throws KeydeskError `invalid_request` */
  function requireProvider(provider: string): void {
    if (signInProviderIds.has(provider)) return
    throw new KeydeskError('invalid_request', {
      message: 'provider: nobody can sign in with a provider of this id here',
    })
  }
}
