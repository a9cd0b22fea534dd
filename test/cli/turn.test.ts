import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../../apps/server/test/stand.ts'

/**
 * Two first starts in one checkout: the tools as they are, in a checkout of their own whose npm takes a second, empties
 * node_modules as `npm ci` does, and keeps a diary.
 */

const TOOLS = fileURLToPath(new URL('../../tools', import.meta.url))
const NPM = `
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
const note = (word) => appendFileSync('diary', word + ' ' + process.pid + '\\n')
process.on('SIGTERM', () => note('told'))
note('begins')
rmSync('node_modules', { recursive: true, force: true })
await new Promise((wake) => setTimeout(wake, 1_000))
mkdirSync('node_modules')
note('ends')
`

let checkout: string
const started: ChildProcess[] = []
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'oiltrail-turn-'))
  cpSync(TOOLS, join(checkout, 'tools'), { recursive: true })
  writeFileSync(join(checkout, 'package-lock.json'), '{}')
  mkdirSync(join(checkout, 'npm'))
  writeFileSync(join(checkout, 'npm', 'package.json'), '{"type":"module"}')
  writeFileSync(join(checkout, 'npm', 'npm-cli.js'), NPM)
  appendFileSync(join(checkout, 'diary'), '')
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const line of diary()) {
    const pid = Number(line.split(' ')[1])
    if (!diary().includes(`ends ${pid}`)) end(pid)
  }
  rmSync(checkout, { recursive: true, force: true })
})

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

const diary = (): string[] => readFileSync(join(checkout, 'diary'), 'utf8').split('\n').filter(Boolean)

/** Begins to prepare the checkout, as every command does first. */
function prepare(): { child: ChildProcess; said: () => string; exit: Promise<unknown[]> } {
  const tools = pathToFileURL(join(checkout, 'tools', 'prepare.mjs')).href
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `await (await import('${tools}')).ensureInstalled()`],
    {
      env: { ...process.env, npm_execpath: join(checkout, 'npm', 'npm-cli.js') },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  started.push(child)
  let text = ''
  child.stderr!.on('data', (part: Buffer) => {
    text += part.toString()
  })
  return { child, said: () => text, exit: once(child, 'exit') }
}

const count = (word: string): number => diary().filter((line) => line.startsWith(word)).length

it('the second waits, says so in both languages, and finds it done', async () => {
  const both = [prepare(), prepare()]
  for (const { exit, said } of both) expect((await exit)[0], said()).toBe(0)
  expect(diary().map((line) => line.split(' ')[0])).toEqual(['begins', 'ends'])
  const waited = both.filter(({ said }) => said().includes('waiting for it / 另一次启动正在准备'))
  expect(waited).toHaveLength(1)
  expect(existsSync(join(checkout, 'node_modules', '.oiltrail-lock'))).toBe(true)
  const third = prepare()
  expect([(await third.exit)[0], third.said()]).toEqual([0, ''])
})

it('killed, the first leaves its npm at work: the second begins its own only after that has ended', async () => {
  const first = prepare()
  await until('npm works', () => count('begins') === 1)
  first.child.kill('SIGKILL')
  await first.exit
  const second = prepare()
  expect((await second.exit)[0], second.said()).toBe(0)
  expect(diary().map((line) => line.split(' ')[0])).toEqual(['begins', 'ends', 'begins', 'ends'])
  expect(second.said()).toContain('waiting')
})

it('killed together with its npm, the first keeps nobody waiting', async () => {
  const first = prepare()
  await until('npm works', () => count('begins') === 1)
  first.child.kill('SIGKILL')
  end(Number(diary()[0]!.split(' ')[1]))
  await first.exit
  const second = prepare()
  expect((await second.exit)[0], second.said()).toBe(0)
  expect(diary().map((line) => line.split(' ')[0])).toEqual(['begins', 'begins', 'ends'])
})
