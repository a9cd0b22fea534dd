import { FACT_SCHEMAS, type FactOf } from '@oiltrail/domain'
import { type EpochMs, ok, type Result, refuse } from '@oiltrail/kernel'
import type { Inventory } from './i201-inventory.ts'
import type { GaugeDelivery } from './i202-deliveries.ts'

/** What a console's floats mean: it does not say, the installer knows. */
export interface GaugeUnits {
  readonly millilitresPerVolume: number
  readonly micrometresPerHeight: number
  /** Temperature in centi-celsius = (value − offset) × scale. */
  readonly temperatureOffset: number
  readonly centiCelsiusPerDegree: number
}

/** Litres, millimetres, °C: every console in China. */
export const METRIC: GaugeUnits = {
  millilitresPerVolume: 1_000,
  micrometresPerHeight: 1_000,
  temperatureOffset: 0,
  centiCelsiusPerDegree: 100,
}

/** US gallons, inches, °F: a console as delivered. */
export const US_CUSTOMARY: GaugeUnits = {
  millilitresPerVolume: 3_785.411784,
  micrometresPerHeight: 25_400,
  temperatureOffset: 32,
  centiCelsiusPerDegree: 100 / 1.8,
}

type LevelFact = FactOf<'level'>
type DeliveryFact = FactOf<'delivery'>

/**
 * A 201 reading as a fact: rounded to millilitres, micrometres, hundredths of a degree. A negative ullage (over-filled)
 * or water height (dry tank, probe offset) becomes 0: neither may hide the reading. Refuses MALFORMED when the console
 * left a value out, OUT_OF_RANGE when one cannot be believed. `tank` is the site's code for it.
 */
export function levelFact(tank: string, item: Inventory, units: GaugeUnits = METRIC): Result<LevelFact> {
  const v = item.floats.named
  const missing = missingName(v, ['volume', 'correctedVolume', 'ullage', 'height', 'water', 'temperature'])
  if (missing) return missing
  return believed('level', {
    kind: 'level',
    tank,
    heightMicrometres: scaled(v.height!, units.micrometresPerHeight),
    waterMicrometres: Math.max(0, scaled(v.water!, units.micrometresPerHeight)),
    temperatureCentiCelsius: scaled(v.temperature! - units.temperatureOffset, units.centiCelsiusPerDegree),
    volumeMillilitres: scaled(v.volume!, units.millilitresPerVolume),
    correctedMillilitres: scaled(v.correctedVolume!, units.millilitresPerVolume),
    ullageMillilitres: Math.max(0, scaled(v.ullage!, units.millilitresPerVolume)),
    statusBits: item.statusBits,
  })
}

/**
 * A delivery of 202 as a fact, and when it ended (`at` of the record). Refuses MALFORMED when the console left a value
 * out, OUT_OF_RANGE when one cannot be believed or the end lies before the start.
 */
export function deliveryFact(
  tank: string,
  item: GaugeDelivery,
  units: GaugeUnits = METRIC,
): Result<{ at: EpochMs; fact: DeliveryFact }> {
  const v = item.floats.named
  const missing = missingName(v, [
    'startVolume',
    'endVolume',
    'startHeight',
    'endHeight',
    'startTemperature',
    'endTemperature',
  ])
  if (missing) return missing
  if (item.endedAt < item.startedAt) return refuse('OUT_OF_RANGE', 'it ends before it starts', 'end')
  const temperature = (value: number): number =>
    scaled(value - units.temperatureOffset, units.centiCelsiusPerDegree)
  const fact = believed('delivery', {
    kind: 'delivery',
    tank,
    startedAt: item.startedAt,
    startMillilitres: scaled(v.startVolume!, units.millilitresPerVolume),
    endMillilitres: scaled(v.endVolume!, units.millilitresPerVolume),
    startMicrometres: scaled(v.startHeight!, units.micrometresPerHeight),
    endMicrometres: scaled(v.endHeight!, units.micrometresPerHeight),
    startCentiCelsius: temperature(v.startTemperature!),
    endCentiCelsius: temperature(v.endTemperature!),
  })
  return fact.ok ? ok({ at: item.endedAt, fact: fact.value }) : fact
}

/** Rounded to the nearest integer unit; `+ 0` turns −0 into 0, which JSON could not tell from it. */
function scaled(value: number, factor: number): number {
  return Math.round(value * factor) + 0
}

function missingName<N extends string>(
  named: Readonly<Partial<Record<N, number>>>,
  needed: readonly N[],
): ReturnType<typeof refuse> | undefined {
  const name = needed.find((n) => named[n] === undefined)
  return name === undefined ? undefined : refuse('MALFORMED', 'the console did not send it', name)
}

/** Checks a fact against the schema of its kind, so that the bounds stand in one place only. */
function believed<F extends LevelFact | DeliveryFact>(kind: F['kind'], fact: F): Result<F> {
  const schema = FACT_SCHEMAS.find((s) => s.shape.kind.value === kind)!
  const checked = schema.safeParse(fact)
  if (checked.success) return ok(fact)
  const issue = checked.error.issues[0]
  return refuse('OUT_OF_RANGE', issue?.message ?? 'not a believable value', issue?.path.join('.') ?? kind)
}
