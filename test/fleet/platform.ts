import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { dataDirectory } from '../scenarios/world.ts'

/** A real server process on a data directory, to be killed and started again. */
export class Platform {
  readonly data: string
  base = ''
  mqtt = ''
  child: ChildProcess | undefined
  private log = ''
  private ports: { http: string; mqtt: string } = { http: '0', mqtt: '0' }
  private readonly env: NodeJS.ProcessEnv
  private readonly bundle: string

  /** `bundle` is the server program, when it is not the product's own. */
  constructor(options: { data?: string; env?: NodeJS.ProcessEnv; bundle?: string } = {}) {
    this.data = options.data ?? dataDirectory()
    this.env = options.env ?? {}
    this.bundle = options.bundle ?? fileURLToPath(new URL('../../dist/server.mjs', import.meta.url))
  }

  get adminToken(): string {
    return readFileSync(join(this.data, 'admin-token'), 'utf8').trim()
  }

  /** Everything the server wrote to standard error so far. */
  get words(): string {
    return this.log
  }

  /** Starts the server and waits for its `ready` line. After the first start the ports stay the same. */
  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', this.bundle, 'serve', '--port', this.ports.http, '--data', this.data],
      {
        env: { ...process.env, OILTRAIL_MQTT_PORT: this.ports.mqtt, ...this.env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    this.child = child
    child.stderr.on('data', (chunk: Buffer) => {
      this.log = (this.log + chunk.toString()).slice(-200_000)
    })
    await new Promise<void>((ready, failed) => {
      let [mqtt, http]: (string | undefined)[] = []
      const read = (input: Readable, see: (line: string) => void) =>
        createInterface({ input }).on('line', (line) => {
          see(line)
          if (mqtt === undefined || http === undefined) return
          this.mqtt = mqtt
          this.base = http
          ready()
        })
      read(child.stderr, (line) => {
        mqtt ??= /^mqtt (\S+)$/.exec(line)?.[1]
      })
      read(child.stdout, (line) => {
        http ??= /^ready (\S+)$/.exec(line)?.[1]
      })
      child.once('exit', (code, signal) =>
        failed(new Error(`the server ended with ${code ?? signal}:\n${this.log.slice(-4_000)}`)),
      )
    })
    this.ports = { http: new URL(this.base).port, mqtt: new URL(this.mqtt).port }
  }

  /** Ends the server with a signal and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const gone = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
    child.kill(signal)
    return gone
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.base}${path}`)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  remove(): void {
    rmSync(this.data, { recursive: true, force: true })
  }
}
