import type { EpochMs } from '@oiltrail/kernel'
import type { SiteClock } from './clock.ts'
import type { RuleClock } from './rule.ts'
import type { Subject } from './subject.ts'

/** A subject of a rule that may ask to be woken. */
export interface Sleeper {
  /** Place of its rule in the list of rules. */
  readonly index: number
  readonly clock: RuleClock
  readonly subject: Subject
  wakeAt: EpochMs | null
}

const NOBODY: Readonly<Record<RuleClock, EpochMs>> = {
  volume: Number.POSITIVE_INFINITY,
  price: Number.POSITIVE_INFINITY,
  both: Number.POSITIVE_INFINITY,
  log: Number.POSITIVE_INFINITY,
}

/** Who sleeps at a site, and until when by which clock. */
export class Sleepers<S extends Sleeper> {
  readonly #sleeping = new Set<S>()
  /** No sleeper of a clock has to be woken before this; may be too early, never too late. */
  #earliest: Record<RuleClock, EpochMs> = { ...NOBODY }

  put(sleeper: S, wakeAt: EpochMs): void {
    sleeper.wakeAt = wakeAt
    this.#sleeping.add(sleeper)
    if (wakeAt < this.#earliest[sleeper.clock]) this.#earliest[sleeper.clock] = wakeAt
  }

  remove(sleeper: S): void {
    sleeper.wakeAt = null
    this.#sleeping.delete(sleeper)
  }

  /** Who sleeps by a clock sleeps so much longer. Answers who. */
  postpone(clock: RuleClock, ms: number): S[] {
    const postponed = [...this.#sleeping].filter((each) => each.clock === clock)
    for (const each of postponed) each.wakeAt! += ms
    return postponed
  }

  /** The sleeper whose moment came first, if one has come. When there is none, it is known anew when there will be one. */
  firstDue(now: SiteClock): S | undefined {
    const known = this.#earliest
    if (
      known.volume > now.now('volume') &&
      known.price > now.now('price') &&
      known.both > now.now('both') &&
      known.log > now.now('log')
    )
      return undefined
    const earliest = { ...NOBODY }
    let first: S | undefined
    for (const each of this.#sleeping) {
      const wakeAt = each.wakeAt!
      if (wakeAt < earliest[each.clock]) earliest[each.clock] = wakeAt
      if (wakeAt <= now.now(each.clock) && (!first || comesBefore(each, first))) first = each
    }
    this.#earliest = earliest
    return first
  }

  /** No one has to be woken before this moment, whatever the clock; `Infinity` when nobody sleeps. */
  next(): EpochMs {
    const { volume, price, both, log } = this.#earliest
    return Math.min(volume, price, both, log)
  }
}

function comesBefore(a: Sleeper, b: Sleeper): boolean {
  if (a.wakeAt !== b.wakeAt) return a.wakeAt! < b.wakeAt!
  if (a.index !== b.index) return a.index < b.index
  return a.subject < b.subject
}
