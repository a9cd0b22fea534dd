import { boardSilent, midnight, noSaleToday, portClosed } from './boards.ts'
import type { Fault } from './fault.ts'
import { armSilent, gaugeSilent, gaugeSlow } from './gauges.ts'
import { lineCut, lineRewired, lineShort } from './lines.ts'
import { cabinetOpen, mainsOut } from './power.ts'

/** Everything that can go wrong at a site. A new one is a file and a line here. Faults of the network belong to a proxy. */
export const FAULTS: readonly Fault[] = [
  mainsOut,
  cabinetOpen,
  lineCut,
  lineShort,
  lineRewired,
  boardSilent,
  portClosed,
  noSaleToday,
  midnight,
  gaugeSilent,
  gaugeSlow,
  armSilent,
]
