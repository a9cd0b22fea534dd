import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A whole running system, started exactly as a user starts it: `npm run demo`, without npm in between. */
export interface World {
  readonly base: string
  readonly data: string
  /** GET of the JSON interface; throws with the server's words when it does not answer 200. */
  get<T>(path: string): Promise<T>
  /** Everything the demo wrote to standard error. */
  log(): string
  /** Sends SIGTERM; resolves with exit code and seconds taken. */
  stop(): Promise<{ code: number | null; seconds: number }>
  readonly child: ChildProcess
}

const DEMO = fileURLToPath(new URL('../../bin/oiltrail.mjs', import.meta.url))

/** A new data folder that the database's own user may enter when the tests run as root. */
export function dataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'oiltrail-'))
  chmodSync(directory, 0o711)
  return directory
}

/** Runs one `oiltrail` command to its end. */
export function oiltrail(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [DEMO, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    // Not `exit`: what was written last may still be in the pipe.
    child.on('close', (code) => done({ code, out, err }))
  })
}

/** Starts a demo and waits for its `ready` line. */
export async function startWorld(options: {
  seed: number
  days: number
  speed?: number
  data?: string
}): Promise<World> {
  const data = options.data ?? dataDirectory()
  const args = [
    'demo',
    '--port',
    '0',
    '--mqtt-port',
    '0',
    '--data',
    data,
    '--seed',
    String(options.seed),
    '--days',
    String(options.days),
    // The first slice's requirements are judged on an honest county; whoever wants thieves orders them.
    '--misdeeds',
    'off',
  ]
  const child = spawn(process.execPath, [DEMO, ...args, '--speed', String(options.speed ?? 1)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const base = await new Promise<string>((ready, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = /^ready (http:\/\/\S+)$/.exec(line)
      if (match) ready(match[1]!)
    })
    child.once('exit', (code) =>
      failed(new Error(`the demo ended with ${code} before it was ready:\n${log.slice(-4_000)}`)),
    )
  })
  return {
    base,
    data,
    child,
    log: () => log,
    async get<T>(path: string): Promise<T> {
      const answer = await fetch(`${base}${path}`)
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T
    },
    stop: () => stopChild(child),
  }
}

function stopChild(child: ChildProcess): Promise<{ code: number | null; seconds: number }> {
  const started = Date.now()
  if (child.exitCode !== null) return Promise.resolve({ code: child.exitCode, seconds: 0 })
  return new Promise((done) => {
    child.once('exit', (code) => done({ code, seconds: (Date.now() - started) / 1000 }))
    child.kill('SIGTERM')
  })
}

/** Removes what a world left on disk. */
export function removeWorld(world: World): void {
  rmSync(world.data, { recursive: true, force: true })
}

/** Asks again until the answer pleases, or fails with the last answer when the time is up. */
export async function eventually<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T>,
  pleases: (value: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000
  let last: T | undefined
  while (Date.now() < deadline) {
    last = await ask()
    if (pleases(last)) return last
    await new Promise((wake) => setTimeout(wake, 250))
  }
  throw new Error(
    `${what} did not happen within ${seconds} s; last: ${JSON.stringify(last)?.slice(0, 2_000)}`,
  )
}

/** A JSON file of the world's data directory. */
export function readJson<T>(world: World, ...path: string[]): T {
  return JSON.parse(readFileSync(join(world.data, ...path), 'utf8')) as T
}
