import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Benchmark, Figure } from './figure.ts'
import { demo, hour } from './figures/demo.ts'
import { endpoints } from './figures/endpoints.ts'
import { fleetSize } from './figures/fleet.ts'
import { intake } from './figures/intake.ts'
import { offlineVerify } from './figures/offline.ts'
import { sealing } from './figures/sealing.ts'
import { start } from './figures/start.ts'
import { upkeep } from './figures/upkeep.ts'
import { verification } from './figures/verification.ts'
import { watch } from './figures/watch.ts'
import { year } from './figures/year.ts'

/** All benchmarks in the order they run. Each measures both sides of a ratio in one run, in turn, and takes medians. */
const BENCHMARKS: readonly Benchmark[] = [
  verification,
  sealing,
  offlineVerify,
  start,
  intake,
  watch,
  upkeep,
  fleetSize,
  endpoints,
  demo,
  hour,
  year,
]

/** Without `--only`, everything but what takes an hour. */
function wanted(benchmark: Benchmark, only: string | undefined): boolean {
  if (benchmark.long) return only === benchmark.name
  return only === undefined || benchmark.name.includes(only)
}

function show(figure: Figure): void {
  const against =
    figure.against === null ? '' : ` against ${figure.against} ${figure.unit}, ratio ${figure.ratio}`
  process.stdout.write(
    `${figure.ok ? 'ok  ' : 'MISS'} ${figure.name}: ${figure.value} ${figure.unit}${against} (goal ${figure.goal})\n`,
  )
  for (const note of figure.notes ?? []) process.stdout.write(`       ${note}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } })
const figures: Figure[] = []
let failed = false
for (const benchmark of BENCHMARKS) {
  if (!wanted(benchmark, values.only)) continue
  process.stdout.write(`-- ${benchmark.name}\n`)
  const began = performance.now()
  try {
    for (const figure of await benchmark.run()) {
      figures.push(figure)
      show(figure)
    }
  } catch (error) {
    failed = true
    process.stdout.write(`FAIL ${benchmark.name}: ${error instanceof Error ? error.stack : String(error)}\n`)
  }
  process.stdout.write(`   ${benchmark.name} took ${((performance.now() - began) / 1_000).toFixed(0)} s\n`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
}
const missed = figures.filter((figure) => !figure.ok)
process.stdout.write(`${figures.length} figures, ${missed.length} missed\n`)
process.exit(failed ? 1 : 0)
