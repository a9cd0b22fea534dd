import { median } from './figure.ts'
import { type IntakeRun, makeBatches, runIntake, sendPrices } from './figures/intake.ts'
import { Load } from './load.ts'
import { treeMemoryBytes } from './processes.ts'
import { startWorld, type World } from './world.ts'

const BATCH_RECORDS = 50
const CONNECTIONS = 4

/** One of two platforms that take the same load in turn, so that what the machine does besides hits both alike. */
export interface Side {
  readonly world: World
  readonly load: Load
  readonly runs: IntakeRun[]
}

/**
 * Starts a platform with enrolled sites and prices. `bundle` is the server program, when it is not the product's own;
 * `priced` how many of the sites say their prices: those that will sell.
 */
export async function openSide(
  sites: number,
  { bundle, priced = sites }: { readonly bundle?: string; readonly priced?: number } = {},
): Promise<Side> {
  const world = await startWorld(sites, bundle)
  const load = await Load.connect(world, CONNECTIONS)
  await sendPrices({ ...world, price: world.price.slice(0, priced) }, load)
  return { world, load, runs: [] }
}

export async function closeSide({ load, world }: Side): Promise<void> {
  await load.close()
  await world.close()
}

/** Loads the sides in turn, the first round to warm up, with `batches` batches of 50 sales each time. */
export async function runInTurn(sides: readonly Side[], batches: number, repetitions: number): Promise<void> {
  for (let i = 0; i <= repetitions; i++)
    for (const side of sides) {
      const run = await oneRun(side, i, batches)
      if (i > 0) side.runs.push(run)
    }
}

/** The next batches of a side; lanes in turn, so that with many sites every batch is another site's. */
function oneRun({ world, load }: Side, repetition: number, count: number): Promise<IntakeRun> {
  const offset = (repetition * count) % world.volume.length
  const volume = [...world.volume.slice(offset), ...world.volume.slice(0, offset)]
  return runIntake(world, load, makeBatches({ ...world, volume }, count, BATCH_RECORDS))
}

/** Microseconds of CPU, server and database together, rules included, that a record cost in the middle run. */
export function costMicroseconds(side: Side, batches: number): number {
  return median(side.runs.map((run) => (run.judgedCpu * 1e6) / (batches * BATCH_RECORDS)))
}

/** CPU of server and database and wall time of the middle run, and memory as it is now. */
export function sideText(side: Side): string {
  const middle = (of: (run: IntakeRun) => number): string => `${median(side.runs.map(of)).toFixed(2)} s`
  const memory = (treeMemoryBytes(side.world.serverPid) / 2 ** 20).toFixed(0)
  return `server ${middle((run) => run.serverCpu)}, database ${middle((run) => run.databaseCpu)}, with all rules ${middle((run) => run.judgedCpu)}, wall ${middle((run) => run.visibleSeconds)}; memory of both ${memory} MiB`
}
