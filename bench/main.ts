import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Benchmark, Figure } from './figure.ts'

import { endpoints } from './figures/endpoints.ts'
import { fleetSize } from './figures/fleet.ts'
import { intake } from './figures/intake.ts'
import { offlineVerify } from './figures/offline.ts'
import { sealing } from './figures/sealing.ts'
import { verification } from './figures/verification.ts'

/** All benchmarks in the order they run. Each measures both sides of a ratio in one run, in turn, and takes medians. */
const BENCHMARKS: readonly Benchmark[] = [verification, sealing, offlineVerify, intake, fleetSize, endpoints]

function show(figure: Figure): void {
  const against =
    figure.against === null ? '' : ` against ${figure.against} ${figure.unit}, ratio ${figure.ratio}`
  process.stdout.write(
    `${figure.ok ? 'ok  ' : 'MISS'} ${figure.name}: ${figure.value} ${figure.unit}${against} (goal ${figure.goal})\n`,
  )
  for (const note of figure.notes ?? []) process.stdout.write(`       ${note}\n`)
}

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } })
const figures: Figure[] = []
let failed = false
for (const benchmark of BENCHMARKS) {
  if (values.only !== undefined && !benchmark.name.includes(values.only)) continue
  process.stdout.write(`-- ${benchmark.name}\n`)
  try {
    for (const figure of await benchmark.run()) {
      figures.push(figure)
      show(figure)
    }
  } catch (error) {
    failed = true
    process.stdout.write(`FAIL ${benchmark.name}: ${error instanceof Error ? error.stack : String(error)}\n`)
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
}
const missed = figures.filter((figure) => !figure.ok)
process.stdout.write(`${figures.length} figures, ${missed.length} missed\n`)
process.exit(failed ? 1 : 0)
