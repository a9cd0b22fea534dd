import { type ChildProcess, fork } from 'node:child_process'
import { CHANNELS, type Channel } from '@oiltrail/kernel'
import type { Logger } from 'pino'

/** How the supervisor starts itself again as a channel process. */
export interface Program {
  /** The file that runs: the bundle, or main.ts under a loader. */
  readonly file: string
  readonly configFile: string
}

/** First pause before a dead channel is started again, doubled up to the longest; real milliseconds. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** A channel that lived this long has earned a quick restart. */
const SOUND_LIFE_MS = 60_000
/** After this a channel that will not stop is killed; its spool survives that. */
const STOP_PATIENCE_MS = 6_000
/** V8 heap of a channel process: 64 sites need a fraction of it. */
const HEAP_MEGABYTES = 160

/** Why a channel process ended: the name of a signal, or an exit code. */
export interface Ending {
  readonly signal: string
  readonly code: number
}

/**
 * Keeps one process per channel alive, apart from each other. A process that dies is started again after a pause and
 * told why its predecessor ended, so that it can say so in its chain.
 */
export class Supervisor {
  private readonly program: Program
  private readonly log: Logger
  private readonly children = new Map<Channel, ChildProcess>()
  private readonly pauses = new Map<Channel, NodeJS.Timeout>()
  private readonly attempts = new Map<Channel, number>()
  private stopping = false

  constructor(program: Program, log: Logger) {
    this.program = program
    this.log = log
  }

  start(): void {
    for (const channel of CHANNELS) this.run(channel, undefined)
  }

  /** Process id of a channel, while it runs. */
  pidOf(channel: Channel): number | undefined {
    return this.children.get(channel)?.pid
  }

  private run(channel: Channel, previous: Ending | undefined): void {
    const args = ['channel', channel, '--config', this.program.configFile]
    if (previous) args.push('--after', `${previous.signal}:${previous.code}`)
    const startedAt = performance.now()
    const child = fork(this.program.file, args, {
      execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MEGABYTES}`],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.children.set(channel, child)
    this.log.info({ channel, child: child.pid }, '通道进程已启动 / channel process started')
    child.once('error', (error) => this.log.error({ channel, err: error }, '通道进程无法启动 / cannot start'))
    child.once('exit', (code, signal) => {
      this.children.delete(channel)
      if (this.stopping) return
      const attempt = performance.now() - startedAt > SOUND_LIFE_MS ? 0 : (this.attempts.get(channel) ?? 0)
      this.attempts.set(channel, attempt + 1)
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10))
      this.log.error(
        { channel, code, signal, pauseMs },
        '通道进程退出,将重启 / a channel process ended; it will be restarted',
      )
      const ending = { signal: signal ?? '', code: code ?? 0 }
      this.pauses.set(
        channel,
        setTimeout(() => this.run(channel, ending), pauseMs),
      )
    })
  }

  /** Stops both channels; resolves when they are gone. */
  async stop(): Promise<void> {
    this.stopping = true
    for (const pause of this.pauses.values()) clearTimeout(pause)
    const endings = [...this.children.values()].map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) {
            resolve()
            return
          }
          const killer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS)
          child.once('exit', () => {
            clearTimeout(killer)
            resolve()
          })
          child.kill('SIGTERM')
        }),
    )
    await Promise.all(endings)
  }
}

/** Reads `--after SIGKILL:0`. */
export function readEnding(text: string | undefined): Ending | undefined {
  const match = /^(SIG[A-Z0-9]{1,10})?:([0-9]{1,3})$/.exec(text ?? '')
  return match ? { signal: match[1] ?? '', code: Number(match[2]) } : undefined
}
