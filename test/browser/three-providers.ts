import { startGateway, type TestGateway } from '../support/gateway.ts'
import { signInSettings, testClient } from '../support/sign-in.ts'
import { type StandInProvider, startStandInProvider } from '../support/stand-in-provider.ts'

/** A gateway at which people can sign in with Google, GitLab and Keycloak, each played by a stand-in of its own. */
export interface ThreeProviders {
  readonly gateway: TestGateway
  readonly standIns: Readonly<Record<'google' | 'gitlab' | 'keycloak', StandInProvider>>
  close(): Promise<void>
}

export async function startWithThreeProviders(
  settings: Record<string, string> = {},
): Promise<ThreeProviders> {
  const standIns: StandInProvider[] = []
  const start = async (redirectUri: string) => {
    const standIn = await startStandInProvider({ ...testClient, redirectUris: [redirectUri] })
    standIns.push(standIn)
    return standIn
  }
  let named: ThreeProviders['standIns'] | undefined
  const gateway = await startGateway(async (url) => {
    named = {
      google: await start(`${url}/auth/callback`),
      gitlab: await start(`${url}/auth/callback/gitlab`),
      keycloak: await start(`${url}/auth/callback/keycloak`),
    }
    return {
      ...signInSettings(named.google.issuer),
      ...providerSettings('GITLAB', 'GitLab', named.gitlab.issuer),
      ...providerSettings('KEYCLOAK', 'Keycloak (workshop)', named.keycloak.issuer),
      ...settings,
    }
  })
  if (named === undefined) throw new Error('the gateway did not ask for its settings')
  return {
    gateway,
    standIns: named,
    close: async () => {
      await gateway.close()
      for (const standIn of standIns) await standIn.close()
    },
  }
}

function providerSettings(id: string, label: string, issuer: string): Record<string, string> {
  return {
    [`PROVIDER_${id}_LABEL`]: label,
    [`PROVIDER_${id}_ISSUER`]: issuer,
    [`PROVIDER_${id}_CLIENT_ID`]: testClient.clientId,
    [`PROVIDER_${id}_CLIENT_SECRET`]: testClient.clientSecret,
  }
}
