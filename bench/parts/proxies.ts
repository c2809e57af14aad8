import { type Contestant, measureThroughput } from '../measure/throughput.ts'
import type { Part } from '../part.ts'
import { stopAll } from '../processes.ts'
import { kinds } from '../proxies/credentials.ts'
import { measureAtRate, watchSignatures } from '../proxies/measure.ts'
import {
  describeProxies,
  type FrontName,
  frontTable,
  type ProxyMeasurements,
  type VerifyName,
  verifyLines,
} from '../proxies/report.ts'
import { type ProxySettings, proxySettings } from '../proxies/settings.ts'
import { type ProxyStage, setProxyStage } from '../proxies/stage.ts'
import { resultsOf, writeLines } from '../targets.ts'

/** What a proxy asks, against a route that checks nothing; and real proxies with Keydesk and without. */
export const proxies: Part = {
  secondsMax: (quick) => proxySettings(quick).secondsMax,

  async run(context) {
    const settings = proxySettings(context.quick)
    const stage = await setProxyStage(context, settings.credentials)
    const measured = await measure(stage, settings, context.say)
    await stopAll()
    const lines = verifyLines(measured)
    const table = frontTable(stage.fronts, measured)
    const notes = [...stage.problems, ...describeProxies(measured)]
    return {
      text: `${writeLines(lines)}\n\n${table}\n\n${notes.join('\n')}`,
      results: { settings, lines: resultsOf(lines), table: table.split('\n'), notes, measured },
    }
  },
}

async function measure(
  { product, onOneCore, verify, fronts, callFiles, keys }: ProxyStage,
  settings: ProxySettings,
  say: (line: string) => void,
): Promise<ProxyMeasurements> {
  say('What proxies ask, as fast as it is answered')
  const rates = await measureThroughput(
    verify.flatMap(({ proxy, kind, limit, file }) => {
      const name = `${proxy} ${kind}` as const
      return [contestant(`${name} limit` as const, limit, file), contestant(name, product, file)]
    }),
    settings.load,
    say,
  )
  say('At a fixed rate, on one core')
  const watched = watchSignatures(onOneCore.port, keys.slice(0, 10), settings.lookMs)
  const latency = await measureAtRate(
    verify.map(({ proxy, kind, latencyFile }) => ({
      name: `${proxy} ${kind}` satisfies VerifyName as VerifyName,
      port: onOneCore.port,
      file: latencyFile,
    })),
    settings,
    say,
  )
  const signatures = await watched()

  say('Real proxies, as fast as they answer')
  const calls = fronts.flatMap(({ name, protectedPort, barePort }) => [
    { name: `${name} alone` as FrontName, port: barePort, file: callFiles.key },
    ...kinds.map((kind) => ({
      name: `${name} ${kind}` as FrontName,
      port: protectedPort,
      file: callFiles[kind],
    })),
  ])
  const fast = await measureThroughput(
    calls.map(({ name, port, file }) => contestant(name, { ...product, port }, file)),
    settings.load,
    say,
  )
  say('Real proxies at a fixed rate')
  const frontLatency = await measureAtRate(calls, settings, say)
  return { verify: rates, latency, signatures, fronts: fast, frontLatency }
}

function contestant<Name extends string>(name: Name, server: Contestant['server'], file: string) {
  return { name, server, keys: { from: 'requests', file } as const, status: 200 }
}
