import { inject } from 'vitest'

/** What the whole run shares; made when the first asks: see `global-setup.ts`. @throws Error when it cannot be made */
export async function askForShared(name: 'postgres-18' | 'postgres-14' | 'compiled-main'): Promise<string> {
  const response = await fetch(`${inject('sharedDoor')}/${name}`)
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
  return answer
}
