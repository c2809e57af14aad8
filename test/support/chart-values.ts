/** Sets of values for the chart, and the secrets that must be nowhere but in the Secret. */

export const chartSecrets = {
  masterKey: '4f9c1e7ab2d85360c7e1f4a99d02b6e83a5bc0d7719e24f8',
  googleClientSecret: 'GOCSPX-9dKq2LmB7xRa4fT9kQz0WmX2',
  databaseUrl: 'postgres://desk:Zr5Wb2Lx7Vt0@db.acme.test:5432/keydesk',
}
export const minimal = {
  secrets: { ...chartSecrets, authBaseUrl: 'https://keys.acme.test', googleClientId: 'desk.apps.test' },
}
export const sqlite = {
  replicaCount: 1,
  secrets: { ...minimal.secrets, databaseUrl: 'file:/data/keydesk.db' },
}
export const existing = { existingSecret: 'acme-keydesk' }
export const everything = {
  ...minimal,
  secrets: {
    ...minimal.secrets,
    masterKeyPrevious: '9b1d7e4c2a8f60531e7c9a4bd3f2680515c7e9ab41d3f6e2',
    databaseListenUrl: 'postgres://desk:Zr5Wb2Lx7Vt0@primary.acme.test:5432/keydesk',
    metricsToken: 'q8Zr5Wb2Lx7Vt0Ky3Hn6',
  },
  replicaCount: 3,
  image: { repository: 'keydesk', digest: `sha256:${'0'.repeat(64)}` },
  imagePullSecrets: [{ name: 'pull' }],
  config: { TRUSTED_PROXIES: '10.244.0.0/16', ADMIN_EMAILS: 'ada@acme.test', VERIFIED_KEYS_MAX: 1_000_000 },
  service: { annotations: { team: 'desk' } },
  ingress: { enabled: true, annotations: { 'nginx.ingress.kubernetes.io/enable-access-log': null } },
  metrics: { enabled: true, serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
  networkPolicy: {
    enabled: true,
    from: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
    metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
  },
  serviceAccount: { annotations: { team: 'desk' } },
  podAnnotations: { team: 'desk' },
  podLabels: { team: 'desk', 'app.kubernetes.io/name': 'something-else' },
  priorityClassName: 'high',
  nodeSelector: { disk: 'fast' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
  topologySpreadConstraints: [
    { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' },
  ],
  extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/keydesk/ca/ca.crt' }],
  extraVolumes: [{ name: 'ca', configMap: { name: 'database-ca' } }],
  extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/keydesk/ca', readOnly: true }],
}
