import { boardChanged } from './board-changed.ts'
import { cabinetOpened } from './cabinet-opened.ts'
import { chainBroken } from './chain-broken.ts'
import { chartDeviation } from './chart-deviation.ts'
import { cheatSignature } from './cheat-signature.ts'
import { clockTurnedBack } from './clock-turned-back.ts'
import { collectorSilent } from './collector-silent.ts'
import { darkCollector } from './dark-collector.ts'
import { deviceSilent } from './device-silent.ts'
import { doubleBooks } from './double-books.ts'
import { gapNotFilled } from './gap-not-filled.ts'
import { keyWrong } from './key-wrong.ts'
import { leak } from './leak.ts'
import { lineCut } from './line-cut.ts'
import { lineRewired } from './line-rewired.ts'
import { mainsLost } from './mains-lost.ts'
import { meterDrift } from './meter-drift.ts'
import { missingSales } from './missing-sales.ts'
import { oddMix } from './odd-mix.ts'
import { offHours } from './off-hours.ts'
import { overDeclared } from './over-declared.ts'
import { overfill } from './overfill.ts'
import { priceCeiling } from './price-ceiling.ts'
import { priceChannelDown } from './price-channel-down.ts'
import { priceMismatch } from './price-mismatch.ts'
import { pulsesAgainstBoard } from './pulses-against-board.ts'
import type { Rule } from './rule.ts'
import { shortDelivery } from './short-delivery.ts'
import { spoolNearlyFull } from './spool-nearly-full.ts'
import { stockBalance } from './stock-balance.ts'
import { suddenLoss } from './sudden-loss.ts'
import { taxMemory } from './tax-memory.ts'
import { totalizerBack } from './totalizer-back.ts'
import { unregisteredDelivery } from './unregistered-delivery.ts'
import { volumeChannelDown } from './volume-channel-down.ts'
import { water } from './water.ts'

/** Every alarm rule, in the order in which they see an event. A new rule is its file, its table of cases, and one line here. */
export const RULES: readonly Rule[] = [
  mainsLost,
  collectorSilent,
  volumeChannelDown,
  priceChannelDown,
  lineCut,
  lineRewired,
  chainBroken,
  keyWrong,
  totalizerBack,
  missingSales,
  priceMismatch,
  priceCeiling,
  pulsesAgainstBoard,
  taxMemory,
  cheatSignature,
  doubleBooks,
  unregisteredDelivery,
  shortDelivery,
  stockBalance,
  suddenLoss,
  leak,
  meterDrift,
  chartDeviation,
  water,
  overfill,
  darkCollector,
  gapNotFilled,
  clockTurnedBack,
  cabinetOpened,
  spoolNearlyFull,
  deviceSilent,
  boardChanged,
  offHours,
  oddMix,
  overDeclared,
]

/** The rule of an id. */
export function ruleById(id: string): Rule | undefined {
  return RULES.find((rule) => rule.id === id)
}
