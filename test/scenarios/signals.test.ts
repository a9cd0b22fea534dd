import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { dataDirectory } from './world.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** From the signal to the end, as promised to whoever runs it. */
const STOP_MS = 10_000
const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

/** Processes of this machine whose command line names a folder. */
function processesOf(directory: string): string[] {
  return execFileSync('ps', ['-ewwo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(directory))
}

describe('npm start', () => {
  // npm runs a script in a shell; a service manager tells npm alone, and a shell that dies would leave the platform behind.
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'told %s, ends with 0 within ten seconds and leaves no process',
    async (signal) => {
      const data = dataDirectory()
      directories.push(data)
      const child = spawn('npm', ['start', '--', '--port', '0', '--data', data], {
        cwd: ROOT,
        env: { ...process.env, OILTRAIL_MQTT_PORT: '0' },
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      })
      const lines = createInterface({ input: child.stdout })
      for await (const line of lines) if (line.startsWith('ready http://')) break
      expect(processesOf(data).length).toBeGreaterThan(1)
      const began = Date.now()
      child.kill(signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      expect(code).toBe(0)
      expect(Date.now() - began).toBeLessThan(STOP_MS)
      expect(processesOf(data)).toEqual([])
    },
    120_000,
  )
})
