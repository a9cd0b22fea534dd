import { chainBroken } from './chain-broken.ts'
import { collectorSilent } from './collector-silent.ts'
import { keyWrong } from './key-wrong.ts'
import { lineCut } from './line-cut.ts'
import { lineRewired } from './line-rewired.ts'
import { mainsLost } from './mains-lost.ts'
import { missingSales } from './missing-sales.ts'
import { priceCeiling } from './price-ceiling.ts'
import { priceChannelDown } from './price-channel-down.ts'
import { priceMismatch } from './price-mismatch.ts'
import type { Rule } from './rule.ts'
import { totalizerBack } from './totalizer-back.ts'
import { volumeChannelDown } from './volume-channel-down.ts'

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
]

/** The rule of an id. */
export function ruleById(id: string): Rule | undefined {
  return RULES.find((rule) => rule.id === id)
}
