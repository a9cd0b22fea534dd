import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { eventually, removeWorld, startWorld, type World } from '../../test/scenarios/world.ts'
import { type Benchmark, type Figure, figure, median } from '../figure.ts'
import { descendant, treeCpuSeconds, treeMemoryBytes } from '../processes.ts'

const SEED = 7
const MIB = 2 ** 20
/** After the start the county stands still for a minute, and collectors settle. */
const SETTLE_SECONDS = 90
/** How long the whole county, and then one site's collector, is looked at. */
const COUNTY_SECONDS = 120
const SITE_SECONDS = 60
const SITE_SETTLE_SECONDS = 15
const SAMPLE_SECONDS = 5

/** What a group of processes used over a while. */
interface Use {
  /** CPU seconds a second. */
  readonly cores: number
  /** Highest sample, shared pages divided among those that share them. */
  readonly bytes: number
}

/** Watches process trees at the same time. */
async function watch<K extends string>(
  roots: Readonly<Record<K, number>>,
  seconds: number,
): Promise<Record<K, Use>> {
  const names = Object.keys(roots) as K[]
  const before = names.map((name) => treeCpuSeconds(roots[name]))
  const memory = names.map(() => 0)
  const start = performance.now()
  while (performance.now() - start < seconds * 1_000) {
    await sleep(SAMPLE_SECONDS * 1_000)
    for (const [i, name] of names.entries()) memory[i] = Math.max(memory[i]!, treeMemoryBytes(roots[name]))
  }
  const passed = (performance.now() - start) / 1_000
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      { cores: (treeCpuSeconds(roots[name]) - before[i]!) / passed, bytes: memory[i]! },
    ]),
  ) as Record<K, Use>
}

function useText({ cores, bytes }: Use): string {
  return `${(bytes / MIB).toFixed(0)} MiB, ${(cores * 100).toFixed(1)} % of a core`
}

/** A process of the demo by its bundle. */
function partOf(world: World, bundle: string): number {
  const pid = descendant(world.child.pid!, `${bundle}.mjs`)
  if (pid === undefined) throw new Error(`the demo runs no ${bundle}`)
  return pid
}

interface EdgeConfig {
  readonly directory: string
  readonly history?: string
  readonly api: string
  readonly sites: readonly { readonly device: string; readonly enrolCode: string }[]
}

/** Starts a collector of its own for one site of the county, beside the one of all: a second box on the same devices. */
async function startSiteEdge(world: World): Promise<ChildProcess> {
  const county = parse(readFileSync(join(world.data, 'demo/county/edge.yaml'), 'utf8')) as EdgeConfig
  const first = county.sites[0]!
  const [countyCode, site] = first.device.split('-') as [string, string]
  const device = `${countyCode}-${site}-B`
  const answer = await fetch(`${world.base}/api/enrol-codes`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${readFileSync(join(world.data, 'admin-token'), 'utf8').trim()}`,
    },
    body: JSON.stringify({ device, site, validSeconds: 600 }),
  })
  if (!answer.ok) throw new Error(`no code for ${device}: ${answer.status} ${await answer.text()}`)
  const { code } = (await answer.json()) as { code: string }
  const { history: _, ...settings } = county
  const config = {
    ...settings,
    directory: join(world.data, 'one-site'),
    sites: [{ ...first, device, enrolCode: code }],
  }
  const file = join(world.data, 'one-site.yaml')
  writeFileSync(file, stringify(config), { mode: 0o600 })
  const bundle = fileURLToPath(new URL('../../dist/edge.mjs', import.meta.url))
  const child = spawn(process.execPath, [bundle, 'run', '--config', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await eventually(
    `the collector ${device} online on both channels`,
    60,
    () => world.get<{ device: string; online: boolean }[]>('/api/channels'),
    (channels) => channels.filter((channel) => channel.device === device && channel.online).length === 2,
  )
  return child
}

async function siteFigures(world: World): Promise<Figure[]> {
  const child = await startSiteEdge(world)
  try {
    await sleep(SITE_SETTLE_SECONDS * 1_000)
    const { edge } = await watch({ edge: child.pid! }, SITE_SECONDS)
    return [
      figure(
        "memory of one site's collector",
        'MiB',
        { value: edge.bytes / MIB },
        ['<=', 256],
        ['supervisor, volume and price process together'],
      ),
      figure("CPU of one site's collector", 'cores', { value: edge.cores }, ['<=', 0.1]),
    ]
  } finally {
    const gone = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await gone
  }
}

async function countyFigures(world: World): Promise<Figure[]> {
  const use = await watch(
    {
      all: world.child.pid!,
      server: partOf(world, 'server'),
      simulator: partOf(world, 'simulator'),
      edge: partOf(world, 'edge'),
    },
    COUNTY_SECONDS,
  )
  const notes = [
    `server and database ${useText(use.server)}; collectors of 21 sites ${useText(use.edge)}; simulator ${useText(use.simulator)}`,
  ]
  return [
    figure('memory of the whole demo, live', 'MiB', { value: use.all.bytes / MIB }, ['<=', 1_536], notes),
    figure('CPU of the whole demo, live', 'cores', { value: use.all.cores }, ['<=', 0.5]),
    figure("memory of 21 sites' collectors", 'MiB', { value: use.edge.bytes / MIB }, ['<=', 512]),
    figure("CPU of 21 sites' collectors", 'cores', { value: use.edge.cores }, ['<=', 0.25]),
  ]
}

/** Memory of server and database when the demo has lived so long since it was ready; samples on the way there. */
async function serverMemory(world: World, ready: number, minutes: number): Promise<Figure> {
  const server = partOf(world, 'server')
  const until = ready + minutes * 60_000
  const way: string[] = []
  const samples: number[] = []
  do {
    await sleep(Math.max(0, Math.min(60_000, until - performance.now())))
    const memory = treeMemoryBytes(server) / MIB
    samples.push(memory)
    const passed = (performance.now() - ready) / 60_000
    if (samples.length % 5 === 1) way.push(`${memory.toFixed(0)} after ${passed.toFixed(0)} min`)
  } while (performance.now() < until)
  return figure(
    `memory of server and database after ${minutes} minutes of demo`,
    'MiB',
    { value: median(samples.slice(-5)) },
    ['<=', 1_024],
    [`on the way: ${way.join(', ')}`],
  )
}

async function demoFigures(days: number, minutes: number): Promise<Figure[]> {
  const began = performance.now()
  const world = await startWorld({ seed: SEED, days })
  const endWithUs = (): void => void world.child.kill('SIGTERM')
  process.once('exit', endWithUs)
  try {
    const ready = performance.now()
    const figures = [
      figure(
        `start to ready of the demo, ${days === 1 ? 'a day' : `${days} days`} of history`,
        's',
        { value: (ready - began) / 1_000 },
        ['<=', 120],
      ),
    ]
    await sleep(SETTLE_SECONDS * 1_000)
    figures.push(...(await countyFigures(world)))
    figures.push(...(await siteFigures(world)))
    figures.push(await serverMemory(world, ready, minutes))
    return figures
  } finally {
    process.off('exit', endWithUs)
    await world.stop()
    removeWorld(world)
  }
}

/** What a county with its collectors needs on one machine, after five minutes. */
export const demo: Benchmark = { name: 'demo', run: () => demoFigures(1, 5) }

/** The same with a month of history and after an hour. Only when asked for by name. */
export const hour: Benchmark = { name: 'hour', long: true, run: () => demoFigures(30, 60) }
