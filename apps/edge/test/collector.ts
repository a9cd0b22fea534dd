import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { stringify } from 'yaml'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
/** Below the packages, so that the bundle finds them. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url))

/** Bundles the collector as a release does: a start takes a fifth of the time that it takes from source. */
export async function bundleCollector(): Promise<string> {
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(join(CACHE, 'edge-'))
  const file = join(folder, 'edge.mjs')
  await build({
    entryPoints: [MAIN],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [
      {
        name: 'own packages only',
        setup(plugin) {
          plugin.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@oiltrail/') ? undefined : { path, external: true },
          )
        },
      },
    ],
  })
  return file
}

/** A collector as a process of its own. */
export class TestCollector {
  readonly folder: string
  readonly configFile: string
  private readonly program: string
  private child: ChildProcess | undefined
  log = ''

  private constructor(program: string, folder: string) {
    this.program = program
    this.folder = folder
    this.configFile = join(folder, 'edge.yaml')
  }

  static async make(program: string): Promise<TestCollector> {
    return new TestCollector(program, await mkdtemp(join(tmpdir(), 'edge-')))
  }

  async configure(config: object): Promise<void> {
    await writeFile(this.configFile, stringify({ county: '520327', directory: './data', ...config }))
  }

  start(env: Record<string, string> = {}): void {
    this.child = this.spawn(['run', '--config', this.configFile], env)
  }

  private spawn(args: string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [this.program, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout!.on('data', (bytes: Buffer) => {
      this.log += bytes.toString()
    })
    child.stderr!.on('data', (bytes: Buffer) => {
      this.log += bytes.toString()
    })
    return child
  }

  /** Runs another command of the collector to its end. */
  async command(...args: string[]): Promise<{ code: number | null; output: string }> {
    const before = this.log.length
    const child = this.spawn(args)
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, output: this.log.slice(before) }
  }

  /** Process id of a channel process, from the supervisor's log. */
  pidOf(channel: string): number | undefined {
    const line = this.log
      .split('\n')
      .findLast((text) => text.includes('channel process started') && text.includes(`"channel":"${channel}"`))
    const match = /"child":([0-9]+)/.exec(line ?? '')
    return match ? Number(match[1]) : undefined
  }

  /** Asks the collector to stop; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.child
    this.child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    child.kill(signal)
    return await ended
  }

  spool(device: string, channel: string): string {
    return join(this.folder, 'data', 'spool', `${device}.${channel}`)
  }

  async read(path: string): Promise<string> {
    return await readFile(join(this.folder, path), 'utf8')
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Waits until something is true; fails with what the collector said meanwhile. */
export async function until(
  what: string,
  isTrue: () => boolean,
  collector: TestCollector,
  patienceMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!isTrue()) {
    if (performance.now() > deadline)
      throw new Error(`not within ${patienceMs} ms: ${what}\n${collector.log.slice(-4_000)}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
