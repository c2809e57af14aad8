import { measureFirstVerifications } from '../engines/measure-cold.ts'
import { measureMints } from '../engines/measure-mints.ts'
import { describeEngines, engineLines } from '../engines/report.ts'
import { engineSettings } from '../engines/settings.ts'
import { engineNames, setEngines } from '../engines/stage.ts'
import { measureThroughput } from '../measure/throughput.ts'
import type { Part } from '../part.ts'
import { stopAll } from '../processes.ts'
import { resultsOf, writeLines } from '../targets.ts'

/** The same process on Postgres and on SQLite, in alternating rounds. */
export const engines: Part = {
  secondsMax: (quick) => engineSettings(quick).secondsMax,

  async run(context) {
    const settings = engineSettings(context.quick)
    const both = await setEngines(context, settings)
    context.say('Warm keys, as fast as they are answered')
    const contestants = engineNames.map((name) => ({
      name,
      server: both[name].server,
      keys: { from: 'file', file: both[name].warmFile, order: 'random' } as const,
      status: 200,
    }))
    const warm = await measureThroughput(contestants, settings.warm, context.say)
    context.say('First verifications')
    const first = await measureFirstVerifications(both, settings)
    context.say('Mints')
    const mints = await measureMints(both, settings)
    await stopAll()
    const measured = { warm, first, mints }
    const lines = engineLines(measured)
    const notes = describeEngines(measured)
    return {
      text: `${writeLines(lines)}\n\n${notes.join('\n')}`,
      results: { settings, lines: resultsOf(lines), notes, measured },
    }
  },
}
