import { type Benchmark, figure } from '../figure.ts'
import { closeSide, costMicroseconds, openSide, runInTurn, sideText } from '../side.ts'

const FEW = 21
const MANY = 21_000
const BATCHES = 2_100
const REPETITIONS = 3

/** What a record costs with 21,000 sites, against 21. */
export const fleetSize: Benchmark = {
  name: 'fleet size',
  async run() {
    const few = await openSide(FEW)
    const many = await openSide(MANY, { priced: BATCHES * (REPETITIONS + 1) })
    try {
      await runInTurn([few, many], BATCHES, REPETITIONS)
      return [
        figure(
          'CPU per record with 21,000 sites against 21',
          'µs/record',
          { value: costMicroseconds(many, BATCHES), against: costMicroseconds(few, BATCHES) },
          ['<=', 1.2],
          [
            `21,000 sites: ${sideText(many)}`,
            `21 sites: ${sideText(few)}`,
            `start to ready with 21,000 sites ${many.world.readySeconds.toFixed(1)} s`,
          ],
        ),
      ]
    } finally {
      for (const side of [few, many]) await closeSide(side)
    }
  },
}
