import { KeydeskError } from '../domain/errors.ts'
import type { App } from '../storage/apps.ts'
import type { Storage } from '../storage/storage.ts'

/** @throws KeydeskError `not_found` */
export async function getApp(storage: Storage, id: string): Promise<App> {
  const app = await storage.apps.find(id)
  if (app === null) throw new KeydeskError('not_found', { message: 'No app has this id.' })
  return app
}
