import { listCalls } from '../lists/calls.ts'
import { type MeasuredCall, type MeasuredExport, measureCalls, measureExport } from '../lists/measure.ts'
import { type ListSettings, listSettings } from '../lists/settings.ts'
import { setListStage } from '../lists/stage.ts'
import type { Part } from '../part.ts'
import { stopAll } from '../processes.ts'
import { type Line, resultsOf, writeLines } from '../targets.ts'

/** Every list and every page of the console with much in the database, and the export of the audit trail. */
export const lists: Part = {
  secondsMax: (quick) => listSettings(quick).secondsMax,

  async run(context) {
    const settings = listSettings(context.quick)
    const stage = await setListStage(context, settings)
    context.say('Lists and pages')
    const calls = await measureCalls(stage, listCalls(new Date()), settings.calls)
    context.say('The export of the audit trail')
    const exported = await measureExport(stage, settings)
    await stopAll()
    const lines = linesOf(calls, exported, settings)
    const notes = [
      `The export wrote ${exported.lines} lines in ${exported.seconds.toFixed(1)} s, with ${exported.highestMib.toFixed(0)} MiB at most.`,
    ]
    return {
      text: `${writeLines(lines)}\n\n${notes.join('\n')}`,
      results: { settings, lines: resultsOf(lines), notes, measured: { calls, exported } },
    }
  },
}

function linesOf(
  calls: readonly MeasuredCall[],
  exported: MeasuredExport,
  { msMax, growthMibMax }: ListSettings,
): Line[] {
  const growth = exported.highestMib - exported.settledMib
  return [
    ...calls.map(
      ({ what, ms }): Line => ({ what, value: ms.p50, unit: 'ms', target: { atMost: msMax }, spread: ms }),
    ),
    {
      what: 'memory that an export takes beyond its first 200,000 lines, in MiB',
      value: growth,
      unit: '',
      target: { atMost: growthMibMax },
      spread: null,
    },
  ]
}
