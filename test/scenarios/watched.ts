import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AlarmView } from '@oiltrail/contract'
import { type Clock, type EpochMs, parseClock } from '@oiltrail/kernel'
import { parse, stringify } from 'yaml'
import { Platform } from '../fleet/platform.ts'
import { callJson } from '../fleet/tls.ts'

/** How a watched county is set up. */
export interface WatchedOptions {
  readonly seed: number
  /** The county's time at which everything begins, whatever the real time is. */
  readonly at: EpochMs
  readonly speed: number
  /** Sites whose collectors run, by the group that shares a process; a group can be killed and started again. */
  readonly groups: Readonly<Record<string, readonly string[]>>
}

/** For a minute of real time after its history the simulator lets nothing be sold (docs/simulator.md); collectors start in its second half. */
const LIVED_QUIET_MS = 30_000
/** Statements of the simulated enterprises are asked for this often. */
const DESK_POLL_MS = 500
/** A page waits about so long before it asks for the event stream again. */
const RECONNECT_MS = 250
/** Enough for the rules that compare with what was before; a longer one would only take time. */
const HISTORY_DAYS = 1

interface Registration {
  readonly site: string
}
interface EdgeFile {
  readonly sites: readonly { readonly device: string }[]
  readonly directory: string
}
interface Statement {
  readonly type: string
  readonly notice?: { site: string }
  readonly window?: { site: string }
}

/**
 * The real server, the simulated county and real collectors for some of its sites, at a chosen time of a chosen day and
 * faster than life; the desk's statements are handed on as in the demo, and every alarm of the event stream is kept.
 */
export class WatchedCounty {
  readonly platform: Platform
  readonly clock: Clock
  /** Alarms as the event stream told them, in order. */
  readonly heard: AlarmView[] = []
  private readonly options: WatchedOptions
  private readonly env: NodeJS.ProcessEnv
  private readonly children = new Map<string, ChildProcess>()
  private readonly ending = new AbortController()
  private control = ''
  private edges = new Map<string, string>()

  constructor(options: WatchedOptions) {
    this.options = options
    // County time is anchor + (real − anchor) × speed; the anchor is put where it makes now what is wanted.
    const { at, speed } = options
    const anchor = Math.round((Date.now() * speed - at) / (speed - 1))
    this.env = { OILTRAIL_CLOCK: `${anchor}x${speed}` }
    this.clock = parseClock(this.env.OILTRAIL_CLOCK, Date.now)
    this.platform = new Platform({ env: this.env })
  }

  get folder(): string {
    return join(this.platform.data, 'county')
  }

  private get sites(): ReadonlySet<string> {
    return new Set(Object.values(this.options.groups).flat())
  }

  /** Starts everything; resolves when the collectors of all groups run. */
  async start(): Promise<void> {
    await this.platform.start()
    mkdirSync(this.folder, { recursive: true })
    void this.listen()
    const stages = this.simulate()
    await stages('county')
    await this.register()
    this.control = (await stages('control')).url as string
    const { edgeConfig } = await stages('listening')
    await this.state(
      readFileSync(join(this.folder, 'statements.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Statement),
    )
    void this.keepStating()
    const whole = parse(readFileSync(edgeConfig as string, 'utf8')) as EdgeFile
    for (const [group, sites] of Object.entries(this.options.groups)) {
      const path = join(this.folder, `edge-${group}.yaml`)
      const wanted = whole.sites.filter(({ device }) => sites.includes(device.split('-')[1]!))
      writeFileSync(
        path,
        stringify({ ...whole, sites: wanted, directory: join(this.folder, `edge-${group}`) }),
      )
      this.edges.set(group, path)
      this.startGroup(group)
    }
  }

  /** Starts the collectors of a group. */
  startGroup(group: string): void {
    this.spawn(`edge ${group}`, 'edge', ['run', '--config', this.edges.get(group)!])
  }

  /** Takes the current away from the collectors of a group: both channels and their supervisor are gone at once. */
  async killGroup(group: string): Promise<void> {
    const child = this.children.get(`edge ${group}`)!
    const gone = new Promise((done) => child.once('exit', done))
    process.kill(-child.pid!, 'SIGKILL')
    await gone
  }

  /** Orders something of the simulator by its name. */
  async order(fault: string): Promise<void> {
    await callJson(`${this.control}/faults`, { body: { fault } }).catch((error: Error) => {
      // The control answers 201.
      if (!/: 201 /.test(error.message)) throw error
    })
  }

  /** POST with the administrator's token. */
  ask<T>(path: string, body: unknown): Promise<T> {
    return callJson<T>(`${this.platform.base}${path}`, { body, token: this.platform.adminToken })
  }

  /** Ends collectors and devices; the platform goes on with what it has. */
  async calm(): Promise<void> {
    this.ending.abort()
    for (const child of this.children.values())
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((done) => child.once('exit', done))
        process.kill(-child.pid!, 'SIGKILL')
        await gone
      }
  }

  async end(): Promise<void> {
    await this.calm()
    await this.platform.end('SIGKILL')
    this.platform.remove()
  }

  private simulate(): (stage: string) => Promise<Record<string, unknown>> {
    const { seed, speed } = this.options
    const child = this.spawn('simulator', 'simulator', [
      ...['--dir', this.folder, '--seed', `${seed}`, '--days', `${HISTORY_DAYS}`],
      ...['--now', `${this.clock.now() - LIVED_QUIET_MS * speed}`, '--api', this.platform.base],
      ...['--uplink', this.platform.mqtt],
    ])
    const told: Record<string, unknown>[] = []
    let wake = (): void => undefined
    createInterface({ input: child.stdout! }).on('line', (line) => {
      told.push(JSON.parse(line) as Record<string, unknown>)
      wake()
    })
    return async (stage) => {
      for (;;) {
        const found = told.find((line) => line.stage === stage)
        if (found) return found
        await new Promise<void>((again, failed) => {
          wake = again
          child.once('exit', (code) => failed(new Error(`the simulator ended with ${code}`)))
        })
      }
    }
  }

  private async register(): Promise<void> {
    const { sites, devices } = JSON.parse(readFileSync(join(this.folder, 'sites.json'), 'utf8')) as {
      sites: Registration[]
      devices: { device: string; site: string }[]
    }
    for (const site of sites) if (this.sites.has(site.site)) await this.ask('/api/registry/sites', site)
    const codes: Record<string, string> = {}
    for (const { device, site } of devices)
      codes[device] = this.sites.has(site)
        ? (await this.ask<{ code: string }>('/api/enrol-codes', { device, site, validSeconds: 86_400 })).code
        : 'NONE-NONE'
    writeFileSync(join(this.folder, 'codes.json'), JSON.stringify(codes))
  }

  private async state(statements: readonly Statement[]): Promise<void> {
    for (const { notice, window } of statements) {
      if (notice && this.sites.has(notice.site)) await this.ask('/api/notices', { ...notice, actor: '企业' })
      if (window && this.sites.has(window.site)) await this.ask('/api/windows', { ...window, actor: '企业' })
    }
  }

  private async keepStating(): Promise<void> {
    let known = 0
    while (!this.ending.signal.aborted) {
      const answer = await callJson<{ statements: Statement[] }>(`${this.control}/statements`).catch(
        () => undefined,
      )
      if (answer) {
        await this.state(answer.statements.slice(known)).catch(() => undefined)
        known = answer.statements.length
      }
      await new Promise((wake) => setTimeout(wake, DESK_POLL_MS))
    }
  }

  /** Keeps the alarms of the event stream, through restarts of the server, until the end. */
  private async listen(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await this.listenOnce().catch(() => undefined) // The server was killed, or the end has come.
      await new Promise((wake) => setTimeout(wake, RECONNECT_MS))
    }
  }

  private async listenOnce(): Promise<void> {
    const answer = await fetch(`${this.platform.base}/api/events`, { signal: this.ending.signal })
    let text = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        if (lines.includes('event: alarm'))
          this.heard.push(JSON.parse(lines.find((line) => line.startsWith('data: '))!.slice(6)) as AlarmView)
      }
    }
  }

  private spawn(name: string, bundle: string, args: readonly string[]): ChildProcess {
    const path = fileURLToPath(new URL(`../../dist/${bundle}.mjs`, import.meta.url))
    const child = spawn(process.execPath, ['--enable-source-maps', path, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...this.env },
      // A group of its own, so that a kill takes the processes of both channels too.
      detached: true,
    })
    child.stdout?.resume()
    this.children.set(name, child)
    return child
  }
}
