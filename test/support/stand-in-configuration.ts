import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import type { Configuration, interactionPolicy, JWKS } from 'oidc-provider'
import type { StandInAccount } from './stand-in-accounts.ts'
import { errorPage } from './stand-in-pages.ts'

/** What the stand-in needs to know of its one client and its people. */
export interface StandInClient {
  clientId: string
  clientSecret: string
  redirectUris: string[]
  accounts: StandInAccount[]
  idTokenAlgorithm: 'RS256' | 'ES256'
}

/** oidc-provider set up to answer as Google does: same scopes, and the profile in the ID token as well. */
export function standInConfiguration(
  client: StandInClient,
  jwks: JWKS,
  policy: typeof interactionPolicy,
): Configuration {
  const prompts = policy.base()
  prompts.add(new policy.Prompt({ name: 'select_account', requestable: true }), 0)
  return {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: client.redirectUris,
        response_types: ['code'],
        grant_types: ['authorization_code'],
        // oidc-provider takes the secret in the header and in the body alike for such a client.
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: client.idTokenAlgorithm,
      },
    ],
    jwks,
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: ['openid', 'profile', 'email'],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified', 'hd'],
      profile: ['name', 'given_name', 'picture'],
    },
    responseTypes: ['code'],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    interactions: { policy: prompts, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 3600,
      Session: 3600,
    },
    findAccount: (_ctx, sub) => {
      // Looked up at every call, so that a test may change a person between two sign-ins.
      const account = client.accounts.find((candidate) => candidate.sub === sub)
      if (!account) return undefined
      const { note: _note, ...claims } = account
      return { accountId: sub, claims: () => ({ ...claims }) }
    },
    loadExistingGrant: async (ctx) => {
      const { provider, client: asking, session } = ctx.oidc
      const grant = new provider.Grant({ clientId: asking?.clientId, accountId: session?.accountId })
      grant.addOIDCScope([...ctx.oidc.requestParamScopes].join(' '))
      await grant.save()
      return grant
    },
    // The default page fetches a font from Google, which a machine without a network waits for.
    renderError: (ctx, out) => {
      ctx.type = 'html'
      ctx.body = errorPage(out.error_description ?? out.error)
    },
  }
}

/** A fresh RS256 and a fresh ES256 signing key, with key ids of their own. */
export async function generateStandInKeys(): Promise<JWKS> {
  const keys = await Promise.all(
    ['RS256', 'ES256'].map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true })
      return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: randomBytes(8).toString('hex') }
    }),
  )
  return { keys }
}
