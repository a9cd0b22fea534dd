import { nextBatch, type SignedBatch } from '../../test/fleet/fleet.ts'
import { bareCopy, bareGroups, bareInserts, makeBareTables } from '../bare.ts'
import { type Benchmark, type Figure, figure, median } from '../figure.ts'
import { Load } from '../load.ts'
import { ownCpuSeconds, treeCpuSeconds, treeMemoryBytes } from '../processes.ts'
import { followed, startWorld, viewed, type World } from '../world.ts'
import { latency } from './latency.ts'
import { rebuild } from './rebuild.ts'

const SITES = 21
const BATCH_RECORDS = 50
const BATCHES = 2_000
const REPETITIONS = 5
const CONNECTIONS = 4
const INSERT_CONNECTIONS = 10
const INSERT_SECONDS = 1.5
const VIEW_SECONDS = 120

/** One run of the whole path. */
export interface IntakeRun {
  readonly rate: number
  readonly receiptSeconds: number
  readonly visibleSeconds: number
  /** Until every record was visible. */
  readonly serverCpu: number
  readonly databaseCpu: number
  readonly loadCpu: number
  /** Server and database until all rules had judged every record as well. */
  readonly judgedCpu: number
}

/** Batches of sales for all lanes in turn, signed beforehand: the collectors' work is not the platform's. */
export function makeBatches(world: World, count: number, records: number): SignedBatch[] {
  const start = Date.now() - 5 * 86_400_000
  return Array.from({ length: count }, (_, i) => {
    const lane = world.volume[i % world.volume.length]!
    return nextBatch(lane, records, start + (lane.seq + records) * 1_000)
  })
}

/** Sends batches and waits until every one is receipted and visible (the wall time), and judged by all rules (the CPU). */
export async function runIntake(
  world: World,
  load: Load,
  batches: readonly SignedBatch[],
): Promise<IntakeRun> {
  const records = batches.reduce((sum, batch) => sum + batch.sales, 0)
  const cpu = {
    server: ownCpuSeconds(world.serverPid),
    database: treeCpuSeconds(world.postgresPid),
    load: process.cpuUsage(),
  }
  const start = performance.now()
  const highest = await load.sendAll(batches)
  const receiptSeconds = (performance.now() - start) / 1_000
  await viewed(world.store, highest + 1, VIEW_SECONDS)
  const visibleSeconds = (performance.now() - start) / 1_000
  const used = process.cpuUsage(cpu.load)
  const serverCpu = ownCpuSeconds(world.serverPid) - cpu.server
  const databaseCpu = treeCpuSeconds(world.postgresPid) - cpu.database
  // Rules give way while cores are short, and catch up; nothing else is measured meanwhile.
  await followed(world.store, 'watch', highest + 1, VIEW_SECONDS)
  return {
    rate: records / visibleSeconds,
    receiptSeconds,
    visibleSeconds,
    serverCpu,
    databaseCpu,
    loadCpu: (used.user + used.system) / 1e6,
    judgedCpu: ownCpuSeconds(world.serverPid) - cpu.server + treeCpuSeconds(world.postgresPid) - cpu.database,
  }
}

function bottleneck(run: IntakeRun): string {
  const share = (seconds: number): string => `${((100 * seconds) / run.visibleSeconds).toFixed(0)} %`
  return `of the wall time the server's process is busy ${share(run.serverCpu)} of a core, the database ${share(run.databaseCpu)}, the senders ${share(run.loadCpu)}`
}

/** Prices first, as in life, so that sales are priced when they come. */
export async function sendPrices(world: World, load: Load): Promise<void> {
  const at = Date.now() - 6 * 86_400_000
  const highest = await load.sendAll(world.price.map((lane) => nextBatch(lane, 6, at)))
  await viewed(world.store, highest + 1, VIEW_SECONDS)
}

async function throughput(world: World, load: Load): Promise<{ figures: Figure[]; rate: number }> {
  const runs: IntakeRun[] = []
  const copies: number[] = []
  const copyCpu: number[] = []
  const inserts: number[] = []
  await runIntake(world, load, makeBatches(world, BATCHES / 2, BATCH_RECORDS)) // warm
  for (let i = 0; i < REPETITIONS; i++) {
    const batches = makeBatches(world, BATCHES, BATCH_RECORDS)
    const groups = bareGroups(batches)
    runs.push(await runIntake(world, load, batches))
    const cpu = treeCpuSeconds(world.postgresPid)
    const start = performance.now()
    await bareCopy(world.store, groups)
    copies.push((BATCHES * BATCH_RECORDS * 1_000) / (performance.now() - start))
    copyCpu.push(treeCpuSeconds(world.postgresPid) - cpu)
    inserts.push(await bareInserts(world.store, groups, INSERT_CONNECTIONS, INSERT_SECONDS))
  }
  const rate = median(runs.map((run) => run.rate))
  const middle = runs.find((run) => run.rate === rate)!
  const notes = [
    `CPU seconds for ${BATCHES * BATCH_RECORDS} records: server ${middle.serverCpu.toFixed(2)}, database ${middle.databaseCpu.toFixed(2)}, senders ${middle.loadCpu.toFixed(2)}; with all rules ${middle.judgedCpu.toFixed(2)}; wall ${middle.visibleSeconds.toFixed(2)} s, receipts after ${middle.receiptSeconds.toFixed(2)} s`,
    `bare COPY: database ${median(copyCpu).toFixed(2)} CPU s`,
    bottleneck(middle),
  ]
  const figures = [
    figure(
      'intake (SM2, MQTT, batches of 50) against bare COPY',
      'records/s',
      { value: rate, against: median(copies) },
      ['>=', 0.4],
      notes,
    ),
    figure(
      'intake against single-row inserts over 10 connections',
      'records/s',
      { value: rate, against: median(inserts) },
      ['>=', 12],
    ),
  ]
  return { figures, rate }
}

/** The whole path: signed, chained, verified, committed, visible; then what follows from it on the same platform. */
export const intake: Benchmark = {
  name: 'intake',
  async run() {
    const world = await startWorld(SITES)
    const load = await Load.connect(world, CONNECTIONS)
    try {
      await makeBareTables(world.store)
      await sendPrices(world, load)
      const { figures, rate } = await throughput(world, load)
      const late = await latency(world, load, rate / 10)
      // The database is a child of the server's process.
      const memory = treeMemoryBytes(world.serverPid) / 2 ** 20
      return [
        ...figures,
        ...late,
        ...(await rebuild(world, rate)),
        figure('memory of server and database after the load', 'MiB', { value: memory }, ['<=', 1_024]),
        figure('start to ready (second start, no history)', 's', { value: world.readySeconds }, ['<=', 10]),
      ]
    } finally {
      await load.close()
      await world.close()
    }
  },
}
