import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { Deployment } from 'kubernetes-models/apps/v1'
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount } from 'kubernetes-models/v1'

/** The schemas of Kubernetes, and of the Prometheus operator, for the kinds that our chart makes. */
const models = [
  ConfigMap,
  Deployment,
  Ingress,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  Secret,
  Service,
  ServiceAccount,
  ServiceMonitor,
]
const modelsByKind = new Map(models.map((model) => [`${model.apiVersion} ${model.kind}`, model]))

/**
 * Checks an object against the schema of its kind.
 * @throws with what is wrong: a missing or ill-typed field, or one that Kubernetes does not know. The schemas themselves
 *   allow unknown fields; a field is unknown when the check never asked for it.
 */
export function checkManifest(object: Record<string, unknown>): void {
  const kind = `${object.apiVersion} ${object.kind}`
  const model = modelsByKind.get(kind)
  if (model === undefined) throw new Error(`${kind}: no schema for it here`)
  const asked = new Set<string>()
  model.prototype.validate.call(watch(object, '', asked))
  const unknown = pathsOf(object).filter((path) => !asked.has(path))
  if (unknown.length > 0) throw new Error(`${kind}: fields that it does not have: ${unknown.join(', ')}`)
}

/** The same value, which notes the path of every member that is read. */
function watch(value: unknown, path: string, asked: Set<string>): any {
  if (typeof value !== 'object' || value === null) return value
  return new Proxy(value, {
    get(target, member, receiver) {
      const found = Reflect.get(target, member, receiver)
      if (typeof member !== 'string' || !Object.hasOwn(target, member)) return found
      asked.add(`${path}/${member}`)
      return watch(found, `${path}/${member}`, asked)
    },
  })
}

function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([member, child]) => [
    `${path}/${member}`,
    ...pathsOf(child, `${path}/${member}`),
  ])
}
