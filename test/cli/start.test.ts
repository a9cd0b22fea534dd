import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { dataDirectory } from '../scenarios/world.ts'

/** Told to stop before it is up, or killed: nothing may stay behind, and the next start must find everything free. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const OILTRAIL = fileURLToPath(new URL('../../bin/oiltrail.mjs', import.meta.url))
/** From the signal to the end, as promised to whoever runs it. */
const STOP_MS = 10_000
/** Nobody promised a time to whoever kills; the database still writes its last checkpoint. */
const FOLLOW_MS = 30_000
const directories: string[] = []
const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

function newData(): string {
  const data = dataDirectory()
  directories.push(data)
  return data
}

interface Started {
  readonly child: ChildProcess
  /** Resolves at a line, of either stream, that matches; rejects when the program ends first. */
  line(pattern: RegExp): Promise<string>
  readonly out: string[]
}

function start(program: string, args: readonly string[]): Started {
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, OILTRAIL_MQTT_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  started.push(child)
  const out: string[] = []
  const lines: string[] = []
  let wake = (): void => undefined
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (stream === child.stdout) out.push(line)
      wake()
    })
  return {
    child,
    out,
    async line(pattern) {
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`ended with ${String(code)} before ${pattern}:\n${lines.slice(-20).join('\n')}`)
      })
      ended.catch(() => undefined)
      for (;;) {
        const found = lines.find((line) => pattern.test(line))
        if (found !== undefined) return found
        await Promise.race([
          ended,
          new Promise<void>((again) => {
            wake = again
          }),
        ])
      }
    },
  }
}

/** Processes of this machine whose command line names a folder. */
function processesOf(directory: string): string[] {
  return execFileSync('ps', ['-ewwo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(directory))
}

async function expectGone(directory: string): Promise<void> {
  const deadline = Date.now() + FOLLOW_MS
  while (processesOf(directory).length > 0 && Date.now() < deadline) await sleep(100)
  expect(processesOf(directory)).toEqual([])
}

describe('npm start, on its way up', () => {
  const STAGES = [
    ['SIGTERM', 'npm alone', /^> /, 300],
    ['SIGTERM', 'npm alone', /creating the database/, 0],
    ['SIGINT', 'everything', /creating the database/, 700],
    ['SIGTERM', 'npm alone', /schema brought up to date/, 0],
    ['SIGINT', 'everything', /schema brought up to date/, 400],
  ] as const
  it.each(STAGES)(
    '%s to %s, after %s and %i ms: 0 within ten seconds, no process left, and the next start works',
    async (signal, to, stage, afterMs) => {
      const data = newData()
      const first = start('npm', ['start', '--', '--port', '0', '--data', data])
      await first.line(stage)
      await sleep(afterMs)
      const began = Date.now()
      process.kill(to === 'everything' ? -first.child.pid! : first.child.pid!, signal)
      const [code] = (await once(first.child, 'exit')) as [number | null]
      expect(code).toBe(0)
      expect(Date.now() - began).toBeLessThan(STOP_MS)
      expect(processesOf(data)).toEqual([])
      const second = start(process.execPath, [OILTRAIL, 'serve', '--port', '0', '--data', data])
      await second.line(/^ready /)
      expect(second.out).toHaveLength(1)
      second.child.kill('SIGTERM')
      expect((await once(second.child, 'exit'))[0]).toBe(0)
    },
    120_000,
  )
})

describe('killed outright', () => {
  it('npm start: the platform follows npm, and the next start finds the same port and data free', async () => {
    const data = newData()
    const first = start('npm', ['start', '--', '--port', '0', '--data', data])
    const port = new URL((await first.line(/^ready /)).slice('ready '.length)).port
    first.child.kill('SIGKILL')
    await expectGone(data)
    const second = start('npm', ['start', '--', '--port', port, '--data', data])
    await second.line(/^ready /)
    second.child.kill('SIGTERM')
    expect((await once(second.child, 'exit'))[0]).toBe(0)
  }, 120_000)

  it('the demo: platform, simulated county and collectors follow it', async () => {
    const data = newData()
    const demo = start(process.execPath, [OILTRAIL, 'demo', '--port', '0', '--days', '0', '--data', data])
    await demo.line(/^ready /)
    expect(demo.out).toHaveLength(1)
    expect(processesOf(data).length).toBeGreaterThan(4)
    demo.child.kill('SIGKILL')
    await expectGone(data)
  }, 120_000)
})

describe('what npm scripts run', () => {
  const CHILDREN = new URL('../../tools/children.mjs', import.meta.url).href
  /** A program that does not mind SIGTERM and starts another such one: an installation at its worst. */
  const STUBBORN = `process.on('SIGTERM', () => {}); process.on('SIGINT', () => {})
    require('node:child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)", MARK], { stdio: 'ignore' })
    console.error('under way'); setInterval(() => {}, 1e6)`

  it.each([
    ['start', true, 0],
    ['test', false, 143],
  ] as const)(
    'as for npm %s: ends with all it started, though none of it wants to',
    async (_, clean, code) => {
      const mark = `mark-${process.pid}-${code}`
      const script = `import { endAtSignal, run } from ${JSON.stringify(CHILDREN)}
      endAtSignal({ clean: ${clean} })
      await run(process.execPath, ['-e', ${JSON.stringify(STUBBORN.replace('MARK', JSON.stringify(mark)))}], { grouped: true })`
      const runner = start(process.execPath, ['--input-type=module', '-e', script])
      await runner.line(/under way/)
      await sleep(300)
      expect(processesOf(mark).length).toBeGreaterThan(1)
      const began = Date.now()
      runner.child.kill('SIGTERM')
      expect((await once(runner.child, 'exit'))[0]).toBe(code)
      expect(Date.now() - began).toBeLessThan(STOP_MS)
      expect(processesOf(mark)).toEqual([])
    },
  )

  it('a program that cannot be run, or fails, is an error and not a signal', async () => {
    const script = `import { run } from ${JSON.stringify(CHILDREN)}
      await run('/no/such/program', []).catch((error) => console.error(error.code))
      await run(process.execPath, ['-e', 'process.exit(3)']).catch((error) => console.error(error.message))`
    const runner = start(process.execPath, ['--input-type=module', '-e', script])
    await runner.line(/^ENOENT$/)
    await runner.line(/ended with 3$/)
  })
})
