import type { Measure } from './rule.ts'
import { tankPoint } from './tank-point.ts'

/** Everything that is reckoned once for several rules. A measure may not read what another tells. */
export const MEASURES: readonly Measure[] = [tankPoint as Measure]
