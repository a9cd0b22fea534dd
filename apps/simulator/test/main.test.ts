import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fromChina } from '@oiltrail/kernel'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { testFolder } from './folder.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const NOW = fromChina(2026, 11, 23, 14, 5)
const folder = testFolder()

interface Run {
  readonly child: ChildProcess
  readonly stages: Record<string, unknown>[]
  readonly errors: () => string
  readonly ended: Promise<number | null>
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const stages: Record<string, unknown>[] = []
  let errors = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) stages.push(JSON.parse(line) as Record<string, unknown>)
  })
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString()
  })
  return { child, stages, errors: () => errors, ended: new Promise((end) => child.once('exit', end)) }
}

describe('simulate', () => {
  test('goes through its stages, waits for codes, writes a collector’s configuration and ends cleanly', async () => {
    const directory = join(folder, 'live')
    const simulation = run(
      ['--dir', directory, '--days', '1', '--now', String(NOW), '--uplink', 'mqtt://127.0.0.1:2000'],
      { OILTRAIL_CLOCK: `${Date.now()}x1` },
    )
    try {
      const seen = () => simulation.stages.map(({ stage }) => stage)
      await expect.poll(seen, { timeout: 40_000 }).toEqual(['county', 'history', 'control'])
      expect(existsSync(join(directory, 'edge.yaml'))).toBe(false)
      const { sites, devices } = JSON.parse(readFileSync(join(directory, 'sites.json'), 'utf8')) as {
        sites: unknown[]
        devices: { device: string }[]
      }
      expect(sites).toHaveLength(21)
      writeFileSync(join(directory, 'codes.json'), '{"half":')
      const codes = Object.fromEntries(devices.map(({ device }, i) => [device, `CODE-${i}`]))
      writeFileSync(join(directory, 'codes.json'), JSON.stringify(codes))
      await expect.poll(seen, { timeout: 10_000 }).toContain('listening')
      const config = parse(readFileSync(join(directory, 'edge.yaml'), 'utf8')) as {
        county: string
        uplink: string
        sites: { device: string; enrolCode: string; volume: { driver: string }[]; price: unknown[] }[]
      }
      expect(config).toMatchObject({ county: '520327', uplink: 'mqtt://127.0.0.1:2000' })
      expect(config.sites.map(({ device, enrolCode }) => [device, enrolCode])).toEqual(Object.entries(codes))
      expect(new Set(config.sites.flatMap(({ volume }) => volume.map(({ driver }) => driver)))).toEqual(
        new Set(['pulse', 'taxport', 'gauge', 'arm']),
      )
      expect(config.sites.flatMap(({ price }) => price)).toHaveLength(68)
    } finally {
      simulation.child.kill('SIGTERM')
    }
    expect(await simulation.ended).toBe(0)
  })

  test('--history-only writes the history and ends', async () => {
    const directory = join(folder, 'history-only')
    const simulation = run(['--dir', directory, '--days', '1', '--now', String(NOW), '--history-only'])
    expect(await simulation.ended).toBe(0)
    expect(simulation.stages.map(({ stage }) => stage)).toEqual(['county', 'history'])
    expect(JSON.parse(readFileSync(join(directory, 'history.json'), 'utf8'))).toMatchObject({
      records: simulation.stages[1]!.records,
      to: NOW,
    })
  })

  test.each([
    [['--seed', '7']],
    [['--dir', 'x', '--seed', '-1']],
    [['--dir', 'x', '--days', '9999']],
    [['--dir', 'x', '--nonsense']],
    [['--dir', 'x', '--fault', 'mains-out']],
  ])('refuses %j with a word in both languages and exit code 2', async (args) => {
    const simulation = run(args)
    expect(await simulation.ended).toBe(2)
    expect(simulation.errors()).toMatch(/INVALID_REQUEST.*请求参数错误/)
    expect(existsSync('x')).toBe(false)
  })
})
