import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { settingNames } from '../../src/config.ts'
import { providerSettingNames } from '../../src/provider-settings.ts'
import { chartSecrets, everything, existing, minimal, sqlite } from '../support/chart-values.ts'
import { chartFolder, describeWithHelmChart } from '../support/helm-chart.ts'
import { checkManifest } from '../support/kubernetes-schema.ts'

const valueSets = { minimal, everything, sqlite, existing }
const withAllowlistToken = {
  ...everything,
  secrets: { ...everything.secrets, allowlistToken: 'k3Hn6Zr5Wb2Lx7Vt0' },
}
const kinds = Object.entries(valueSets).map(([name, values]) => ({ name, values }))
const selectorLabels = { 'app.kubernetes.io/name': 'keydesk', 'app.kubernetes.io/instance': 'desk' }

describeWithHelmChart('the Helm chart', (render) => {
  const podOf = (values: object) => render({ ...values }).one('Deployment').spec.template
  const containerOf = (values: object) => podOf(values).spec.containers[0]

  describe.each(kinds)('with the values $name', ({ values }) => {
    test('every manifest fits the schema of Kubernetes, and has a name of its own', () => {
      const { manifests } = render(values)
      for (const object of manifests) checkManifest(object)
      const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
      expect(new Set(names).size).toBe(names.length)
    })

    test('the container is not root, reads only, and may do nothing else', () => {
      const pod = podOf(values).spec
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(pod.automountServiceAccountToken).toBe(false)
      expect(render(values).one('ServiceAccount').automountServiceAccountToken).toBe(false)
    })

    test('startup and liveness ask /healthz, readiness asks /readyz every two seconds', () => {
      const container = containerOf(values)
      expect(container.startupProbe.httpGet).toEqual({ path: '/healthz', port: 'http' })
      expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' })
      expect(container.readinessProbe).toMatchObject({
        httpGet: { path: '/readyz', port: 'http' },
        periodSeconds: 2,
      })
      expect(container.ports[0]).toEqual({ name: 'http', containerPort: 3000 })
    })

    test('no secret is outside the Secret', () => {
      const { manifests, notes } = render(values)
      const others = JSON.stringify(manifests.filter(({ kind }) => kind !== 'Secret')) + notes
      for (const secret of [...Object.values(chartSecrets), 'Zr5Wb2Lx7Vt0'])
        expect(others).not.toContain(secret)
    })

    test('what selects the pods names the release and nothing that a new version changes', () => {
      const { one, all } = render(values)
      expect(one('Deployment').spec.selector.matchLabels).toEqual(selectorLabels)
      expect(one('Deployment').spec.template.metadata.labels).toMatchObject(selectorLabels)
      for (const service of all('Service')) expect(service.spec.selector).toEqual(selectorLabels)
      for (const kind of ['PodDisruptionBudget', 'NetworkPolicy'])
        for (const { spec } of all(kind))
          expect((spec.selector ?? spec.podSelector).matchLabels).toEqual(selectorLabels)
    })

    test('every variable of the container is a setting, or the file of one', () => {
      const { one } = render(values)
      const known = [...settingNames, ...settingNames.map((name) => `${name}_FILE`), 'NODE_EXTRA_CA_CERTS']
      const names = containerOf(values).env.map((variable: { name: string }) => variable.name)
      for (const name of [...names, ...Object.keys(one('ConfigMap').data)]) expect(known).toContain(name)
    })
  })

  test('config may hold every setting but the secrets and those that the chart sets', () => {
    const text = readFileSync(`${chartFolder}/templates/_settings.tpl`, 'utf8')
    const listed = text.match(/^[A-Z][A-Z0-9_]*$/gm) ?? []
    const secrets = Object.keys(render(withAllowlistToken).one('Secret').stringData)
    const ours = ['PORT', 'SHUTDOWN_DELAY', 'METRICS_PORT']
    expect([...listed, ...secrets, ...ours].sort()).toEqual([...settingNames].sort())
  })

  test.each(providerSettingNames)('config may hold %s of a provider, unless it is its secret', (setting) => {
    const name = `PROVIDER_ACME_SSO_${setting}`
    const renderIt = () => render({ ...minimal, config: { [name]: 'true' } })
    if (setting === 'CLIENT_SECRET') expect(renderIt).toThrow(/belongs into secrets\.providerClientSecrets/)
    else expect(renderIt().one('ConfigMap').data).toMatchObject({ [name]: 'true' })
  })

  test('a rolling update takes no pod away before a new one is ready, and waits longer than the drain', () => {
    const { spec } = render({ ...minimal, shutdownDelaySeconds: 25 }).one('Deployment')
    expect(spec.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
    })
    const env = spec.template.spec.containers[0].env
    expect(env).toContainEqual({ name: 'SHUTDOWN_DELAY', value: '25s' })
    // The delay, and the ten seconds of the drain.
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(25 + 10)
    expect(spec.progressDeadlineSeconds).toBeGreaterThan(300)
  })

  test('a changed setting and a changed secret start new pods; an unchanged release does not', () => {
    const sum = (values: object) => podOf(values).metadata.annotations['checksum/config']
    const otherSecret = { secrets: { ...minimal.secrets, googleClientSecret: 'GOCSPX-another' } }
    const sums = [sum(minimal), sum(otherSecret), sum({ ...minimal, config: { LOG_LEVEL: 'debug' } })]
    expect(new Set(sums).size).toBe(3)
    expect(sum(minimal)).toBe(sums[0])
  })

  test('the budget lets one pod go at a time, and with one replica there is none', () => {
    expect(render(minimal).one('PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 })
    expect(render(minimal).one('PodDisruptionBudget').spec).not.toHaveProperty('minAvailable')
    expect(render({ ...minimal, replicaCount: 1 }).all('PodDisruptionBudget')).toEqual([])
  })

  test('with existingSecret the chart makes no Secret, and mounts only the keys that it needs', () => {
    const names = { masterKey: 'root', metricsToken: 'metrics' }
    const { all, one } = render({ ...existing, existingSecretKeys: names })
    expect(all('Secret')).toEqual([])
    const { volumes } = one('Deployment').spec.template.spec
    expect(volumes[0].secret).toMatchObject({ secretName: 'acme-keydesk' })
    expect(volumes[0].secret.items).toEqual([
      { key: 'DATABASE_URL', path: 'DATABASE_URL' },
      { key: 'GOOGLE_CLIENT_SECRET', path: 'GOOGLE_CLIENT_SECRET' },
      { key: 'metrics', path: 'METRICS_TOKEN' },
      { key: 'root', path: 'PROXY_MASTER_KEY' },
    ])
  })

  test('only a SQLite file is written to, and only its folder and /tmp', () => {
    const writable = (values: object) =>
      containerOf(values)
        .volumeMounts.filter((mount: { readOnly?: boolean }) => mount.readOnly !== true)
        .map(({ mountPath }: { mountPath: string }) => mountPath)
    expect(writable(minimal)).toEqual([])
    expect(writable(sqlite)).toEqual(['/data', '/tmp'])
    expect(render(sqlite).one('PersistentVolumeClaim').metadata.annotations).toEqual({
      'helm.sh/resource-policy': 'keep',
    })
    expect(render(sqlite).one('Deployment').spec.strategy).toEqual({ type: 'Recreate' })
  })

  test('metrics have a port and a Service of their own, which the ServiceMonitor finds and the Ingress does not', () => {
    const { all, one } = render(everything)
    const [main, metrics] = all('Service')
    expect(main.spec.ports.map(({ name }: { name: string }) => name)).toEqual(['http'])
    expect(metrics.spec.ports).toEqual([{ name: 'metrics', port: 9464, targetPort: 'metrics' }])
    const { matchLabels } = one('ServiceMonitor').spec.selector
    expect(metrics.metadata.labels).toMatchObject(matchLabels)
    expect(main.metadata.labels).not.toMatchObject(matchLabels)
    expect(one('ServiceMonitor').metadata.labels).toMatchObject({ release: 'prometheus' })
    const [rule] = one('Ingress').spec.rules
    expect(rule.host).toBe('keys.acme.test')
    expect(rule.http.paths.map(({ backend }: any) => backend.service)).toEqual([
      { name: main.metadata.name, port: { name: 'http' } },
    ])
    expect(Object.keys(one('Ingress').metadata.annotations)).not.toContain(
      'nginx.ingress.kubernetes.io/enable-access-log',
    )
  })

  test('a wrong manifest would be noticed: a missing field, an ill-typed one, an unknown one', () => {
    const { securityContext, name, ...rest } = containerOf(minimal)
    const check = (container: object) => {
      const deployment = render(minimal).one('Deployment')
      deployment.spec.template.spec.containers = [container]
      checkManifest(deployment)
    }
    expect(() => check({ ...rest, name, securityContext })).not.toThrow()
    expect(() => check(rest)).toThrow(/name/)
    expect(() => check({ ...rest, name, ports: [{ containerPort: '3000' }] })).toThrow(/containerPort/)
    expect(() => check({ ...rest, name, securityContext: { readOnlyRootFileSystem: true } })).toThrow(
      /fields that it does not have: .*readOnlyRootFileSystem/,
    )
  })
})
