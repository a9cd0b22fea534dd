import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, type PluginBuild } from 'esbuild'
import { type Benchmark, figure } from '../figure.ts'
import { closeSide, costMicroseconds, openSide, runInTurn, sideText } from '../side.ts'

/** Every batch of a run is another site's, so that each touches sums of its own: with few sites many share a row. */
const SITES = 2_000
const BATCHES = 2_000
const REPETITIONS = 5
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Beside the product's own, where the bundle finds migrations and packages. */
const VARIANT = fileURLToPath(new URL('../../dist/server-without-rollups.mjs', import.meta.url))

/** Put behind the source of a round: it keeps no sums, so that none are written either. */
const WITHOUT_ROLLUPS = `
const nowhere = emptySums(0, 0, 0, 0)
Round.prototype.hour = () => nowhere
Round.prototype.hours = () => []
Round.prototype.days = () => []
Round.prototype.takeReading = () => undefined
`

function withoutRollups(setup: PluginBuild): void {
  setup.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
    path.startsWith('@oiltrail/') || kind === 'entry-point' ? undefined : { path, external: true },
  )
  setup.onLoad({ filter: /[\\/]views[\\/]round\.ts$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8') + WITHOUT_ROLLUPS,
    loader: 'ts',
  }))
}

/** Builds the server as it is, but for the rollups: what is missing then is what they cost. */
async function buildVariant(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['apps/server/src/main.ts'],
    outfile: VARIANT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    plugins: [{ name: 'without rollups', setup: withoutRollups }],
  })
}

/** What keeping sums by hour and day costs of the whole intake: the same load on a server with and on one without. */
export const upkeep: Benchmark = {
  name: 'upkeep',
  async run() {
    await buildVariant()
    const whole = await openSide(SITES)
    const without = await openSide(SITES, { bundle: VARIANT })
    try {
      await runInTurn([whole, without], BATCHES, REPETITIONS)
      const { rows } = await without.world.store.pool.query('select 1 from sales_hour limit 1')
      if (rows.length > 0) throw new Error('the server without rollups has kept some')
      const cost = costMicroseconds(whole, BATCHES)
      return [
        figure(
          'upkeep of rollups against the whole intake',
          'CPU µs/record',
          { value: cost - costMicroseconds(without, BATCHES), against: cost },
          ['<=', 0.25],
          [`with rollups: ${sideText(whole)}`, `without: ${sideText(without)}`],
        ),
      ]
    } finally {
      for (const side of [whole, without]) await closeSide(side)
      rmSync(VARIANT, { force: true })
    }
  },
}
