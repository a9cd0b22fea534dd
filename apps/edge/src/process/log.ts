import pino, { type Logger } from 'pino'

/** The collector's own log: one JSON object per line on standard error. Never holds keys, tokens or codes. */
export function openLog(name: string): Logger {
  return pino(
    {
      name,
      level: process.env.OILTRAIL_LOG ?? 'info',
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['token', 'password', 'enrolCode', '*.token', '*.password', '*.enrolCode'],
    },
    pino.destination({ fd: 2, sync: true }),
  )
}
