import { measureCold } from '../measure/cold.ts'
import { measureLatency } from '../measure/latency.ts'
import { measureFreshStarts } from '../measure/memory.ts'
import { measureRestart } from '../measure/restart.ts'
import { type Contestant, measureThroughput } from '../measure/throughput.ts'
import type { Measurements } from '../measurements.ts'
import type { Part } from '../part.ts'
import { installPeer } from '../prepare.ts'
import { readMemory, stopAll } from '../processes.ts'
import { makeRows, writeNotes, writeTable } from '../report.ts'
import { defaultHashCost } from '../seed.ts'
import { type BenchSettings, benchSettings } from '../settings.ts'
import { type Stage, setStage } from '../stage.ts'

/** One process on SQLite: everything that the first table of the README says. */
export const verification: Part = {
  secondsMax: (quick) => benchSettings(quick).secondsMax,

  async run({ quick, folder, say }) {
    const settings = benchSettings(quick)
    const stage = await setStage(folder, settings, installPeer(), say)
    const measured = await measure(stage, settings, say)
    await stopAll()
    const hashCost = defaultHashCost()
    const rows = makeRows(measured, settings)
    const notes = writeNotes(measured, hashCost, stage.peerProblem)
    return {
      text: `${writeTable(rows)}\n\n${notes}`,
      results: { settings, hashCost, rows, notes: notes.split('\n'), measured },
    }
  },
}

async function measure(
  stage: Stage,
  settings: BenchSettings,
  say: (line: string) => void,
): Promise<Measurements> {
  const { servers, files, keys, folder } = stage
  say('Fresh starts')
  const freshStarts = await measureFreshStarts(folder, stage.masterKey, settings.rounds)

  say('As fast as they answer')
  const contestant = <Name extends string>(
    name: Name,
    server: Contestant['server'],
    file: string | null,
    status = 200,
  ) => {
    const keys =
      file === null ? ({ from: 'forger' } as const) : ({ from: 'file', file, order: 'random' } as const)
    return { name, server, keys, status }
  }
  const throughput = await measureThroughput(
    [
      contestant('limit200', servers.limit200, files.few),
      contestant('warm', servers.few, files.few),
      contestant('limit401', servers.limit401, null, 401),
      contestant('forged', servers.forged, null, 401),
      contestant('warmOnly', servers.warmOnly, files.warm),
      contestant('many', servers.many, files.warm),
      ...(servers.peer === null ? [] : [contestant('peer', servers.peer, files.peer)]),
    ],
    settings,
    say,
  )
  const afterLoad = readMemory(servers.many.pid)

  say('At a fixed rate')
  const latencyFiles = { warm: files.latencyWarm, cold: files.cold, database: files.latencyDatabase }
  const latency = await measureLatency(servers.latency, latencyFiles, keys.cold, settings, say)

  say('Cold keys')
  const cold = await measureCold(servers.many, folder, keys.cold, defaultHashCost(), settings, say)

  say('Restart')
  const { server, keyFile } = await stage.startWithActiveKeys(settings.restartClients)
  const restart = await measureRestart(server, keyFile, settings)
  return {
    throughput,
    latency,
    cold,
    memory: { freshStarts, afterWarming: stage.warmedMemory, afterLoad },
    startSecondsWithMany: servers.many.startSeconds,
    restart,
  }
}
