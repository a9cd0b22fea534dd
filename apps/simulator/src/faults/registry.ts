import { boardSilent, midnight, noSaleToday, portClosed } from './boards.ts'
import { doubleBooks, hotKey, missingSales, priceCheat, totalizerReset } from './books.ts'
import { clockBack, networkDown, priceBlind, unplugged } from './collectors.ts'
import type { Fault } from './fault.ts'
import { forgedBatchSent } from './forgery.ts'
import { armSilent, gaugeSilent, gaugeSlow } from './gauges.ts'
import { coldDelivery, dispenserReplaced, gradeSwitch, priceRush, testCans } from './honest.ts'
import { lineCut, lineRewired, lineShort } from './lines.ts'
import { meterWheel, pulseInjector } from './meters.ts'
import { cabinetOpen, mainsOut } from './power.ts'
import { leakFast, leakSlow, nightDelivery, shortDelivery, smallDelivery, tankTheft } from './tanks.ts'

/**
 * Everything that can go wrong at a site: faults of devices, misdeeds of people, and honest things that look like them.
 * A new one is a file and a line here. Faults of live networks belong to a proxy.
 */
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
  // Misdeeds
  priceCheat,
  missingSales,
  totalizerReset,
  doubleBooks,
  hotKey,
  pulseInjector,
  meterWheel,
  nightDelivery,
  smallDelivery,
  shortDelivery,
  leakSlow,
  leakFast,
  tankTheft,
  unplugged,
  priceBlind,
  clockBack,
  forgedBatchSent,
  // Honest look-alikes
  networkDown,
  coldDelivery,
  priceRush,
  testCans,
  gradeSwitch,
  dispenserReplaced,
]
