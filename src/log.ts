import { type DestinationStream, type Logger, pino } from 'pino'

/**
 * JSON lines on standard output, written in batches: half a second may be lost by a crash, nothing by an orderly end. No
 * secret is passed to the log; should one ever be, under one of these names, it is taken out.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['authorization', 'cookie', 'key_text', 'keyText', 'secret', 'token', 'state'].flatMap(
        (name) => [name, `*.${name}`],
      ),
    },
    destination ?? pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 500 }),
  )
}
