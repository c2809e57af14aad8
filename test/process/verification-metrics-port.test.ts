import { expect, test } from 'vitest'
import { createDesk, metricIn } from '../support/desk.ts'
import { freePort, startKeydesk } from '../support/keydesk-process.ts'

test('METRICS_PORT serves the metrics without a token, only them, and ends with the process', async () => {
  const metricsPort = await freePort()
  const gateway = await startKeydesk({ METRICS_PORT: String(metricsPort) })
  const desk = await createDesk(gateway)
  const key = await desk.mint()
  for (let n = 0; n < 3; n += 1) expect(await desk.codeFor(key)).toBe('valid')
  const plain = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${metricsPort}${path}`, init)

  const response = await plain('/metrics')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  const text = await response.text()
  expect(metricIn(text, 'keydesk_verifications_total{outcome="valid"}')).toBe(3)
  expect(metricIn(text, 'keydesk_live_keys')).toBe(1)
  for (const path of ['/', '/v1/validate', '/admin/keys', '/healthz', '//metrics', '/metrics/', '/%6detrics'])
    expect((await plain(path, { headers: { 'x-api-key': key } })).status, path).toBe(404)
  expect((await plain('/metrics', { method: 'POST' })).status).toBe(404)
  // On the public listener it is still not there.
  expect((await gateway.fetch('/metrics')).status).toBe(404)

  gateway.process().signal('SIGTERM')
  expect(await gateway.process().ended).toMatchObject({ code: 0, signal: null })
  await expect(plain('/metrics')).rejects.toThrow('fetch failed')
  await gateway.close()
})
