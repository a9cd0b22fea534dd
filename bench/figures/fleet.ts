import { type Benchmark, figure, median } from '../figure.ts'
import { Load } from '../load.ts'
import { startWorld, type World } from '../world.ts'
import { type IntakeRun, makeBatches, runIntake } from './intake.ts'

const FEW = 21
const MANY = 21_000
const BATCH_RECORDS = 50
const BATCHES = 2_100
const REPETITIONS = 5
const CONNECTIONS = 4

interface Side {
  readonly world: World
  readonly load: Load
  readonly runs: IntakeRun[]
}

async function openSide(sites: number): Promise<Side> {
  const world = await startWorld(sites)
  return { world, load: await Load.connect(world, CONNECTIONS), runs: [] }
}

/** Microseconds of CPU, server and database together, for each record. */
function costMicroseconds(side: Side): number {
  return median(side.runs.map((run) => ((run.serverCpu + run.databaseCpu) * 1e6) / (BATCHES * BATCH_RECORDS)))
}

/** The next batches of a side; lanes in turn, so that with many sites every batch is another site's. */
async function oneRun(side: Side, repetition: number): Promise<void> {
  const offset = (repetition * BATCHES) % side.world.volume.length
  const lanes = [...side.world.volume.slice(offset), ...side.world.volume.slice(0, offset)]
  const batches = makeBatches({ ...side.world, volume: lanes }, BATCHES, BATCH_RECORDS)
  side.runs.push(await runIntake(side.world, side.load, batches))
}

/** What a record costs with 21,000 sites, against 21. */
export const fleetSize: Benchmark = {
  name: 'fleet size',
  async run() {
    const few = await openSide(FEW)
    const many = await openSide(MANY)
    try {
      for (let i = 0; i <= REPETITIONS; i++)
        for (const side of [few, many]) {
          await oneRun(side, i)
          if (i === 0) side.runs.length = 0 // warm
        }
      const split = (side: Side): string =>
        `server ${median(side.runs.map((run) => run.serverCpu)).toFixed(2)} s, database ${median(side.runs.map((run) => run.databaseCpu)).toFixed(2)} s, wall ${median(side.runs.map((run) => run.visibleSeconds)).toFixed(2)} s`
      return [
        figure(
          'CPU per record with 21,000 sites against 21',
          'µs/record',
          { value: costMicroseconds(many), against: costMicroseconds(few) },
          ['<=', 1.2],
          [
            `21,000 sites: ${split(many)}`,
            `21 sites: ${split(few)}`,
            `start to ready with 21,000 sites ${many.world.readySeconds.toFixed(1)} s`,
          ],
        ),
      ]
    } finally {
      for (const { load, world } of [few, many]) {
        await load.close()
        await world.close()
      }
    }
  },
}
