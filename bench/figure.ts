/** One measured figure, as it is printed and written to `--json`. */
export interface Figure {
  readonly name: string
  /** Our side. */
  readonly value: number
  readonly unit: string
  /** The other side, in the same unit, measured in the same run; null where the goal is a plain number. */
  readonly against: number | null
  /** `value / against`, or `value` where there is no other side. */
  readonly ratio: number
  /** For example `>= 0.4`. */
  readonly goal: string
  readonly ok: boolean
  /** What a reader must know to judge it: CPU seconds of both sides, the bottleneck, how it was measured. */
  readonly notes?: readonly string[]
}

/** A benchmark: makes one or more figures. */
export interface Benchmark {
  readonly name: string
  run(): Promise<readonly Figure[]>
}

type Comparison = '>=' | '<='

/** Makes a figure and judges it. */
export function figure(
  name: string,
  unit: string,
  sides: { readonly value: number; readonly against?: number },
  goal: readonly [Comparison, number],
  notes: readonly string[] = [],
): Figure {
  const against = sides.against ?? null
  const ratio = against === null ? sides.value : sides.value / against
  const [comparison, bound] = goal
  const ok = comparison === '>=' ? ratio >= bound : ratio <= bound
  return {
    name,
    value: round(sides.value),
    unit,
    against: against === null ? null : round(against),
    ratio: round(ratio),
    goal: `${comparison} ${bound}`,
    ok,
    notes,
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which a share of all lie (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** What one run of one side took. */
export interface Cost {
  readonly seconds: number
  /** CPU seconds of this process. */
  readonly cpuSeconds: number
}

/** Runs something and says what it took. */
export async function timed(work: () => unknown): Promise<Cost> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1_000
  const used = process.cpuUsage(cpu)
  return { seconds, cpuSeconds: (used.user + used.system) / 1e6 }
}

/** Runs the sides in turn, `repetitions` times, so that what the machine does besides hits all of them alike. */
export async function interleaved<K extends string>(
  repetitions: number,
  sides: Readonly<Record<K, () => Promise<Cost>>>,
): Promise<Record<K, Cost>> {
  const names = Object.keys(sides) as K[]
  const costs = Object.fromEntries(names.map((name) => [name, [] as Cost[]])) as Record<K, Cost[]>
  for (let i = 0; i < repetitions; i++) for (const name of names) costs[name].push(await sides[name]())
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        seconds: median(costs[name].map((cost) => cost.seconds)),
        cpuSeconds: median(costs[name].map((cost) => cost.cpuSeconds)),
      },
    ]),
  ) as Record<K, Cost>
}

/** `0.82 s wall, 0.31 s CPU`. */
export function costText(cost: Cost): string {
  return `${cost.seconds.toFixed(2)} s wall, ${cost.cpuSeconds.toFixed(2)} s CPU`
}
