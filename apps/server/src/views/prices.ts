import { loadPrices, type PriceFact, type PriceSpan } from '@oiltrail/store'
import type { Open } from '../follow/follower.ts'

/** Price facts of one nozzle kept in memory; older ones are read from the table when a late record asks for them. */
const KEPT_PER_NOZZLE = 64
/** Price facts kept in memory for all nozzles together: about 30 MB. */
const KEPT_IN_ALL = 300_000
/** The end of a span that still lasts; above any moment a record can name. */
export const FOREVER = Number.MAX_SAFE_INTEGER

interface Timeline {
  /** Ascending by (at, seq, price): of facts with the same `at` the last is in force. */
  facts: PriceFact[]
  /** The price in force is known from memory for every moment from here on. */
  knownFrom: number
}

function order(a: PriceFact, b: PriceFact): number {
  return a.at - b.at || a.seq - b.seq || a.priceFenPerLitre - b.priceFenPerLitre
}

/** Place of the fact in force at a moment, or −1. */
function inForce(facts: readonly PriceFact[], at: number): number {
  let low = 0
  let high = facts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (facts[middle]!.at <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}

/**
 * The price of each nozzle over time, as the price channel told it. A bounded memory over the `price` table: whatever
 * it has forgotten it reads again, so the answers never depend on what it remembers.
 */
export class PriceBook {
  readonly #timelines = new Map<number, Timeline>()
  #facts = 0

  /** Forgets everything; for a follower that starts anew. */
  clear(): void {
    this.#timelines.clear()
    this.#facts = 0
  }

  /** Makes sure that prices can be answered and stated for each nozzle from the given moment on. */
  async ensure(open: Open, county: number, needs: ReadonlyMap<number, number>): Promise<void> {
    const ids: number[] = []
    const from: number[] = []
    for (const [nozzleId, at] of needs) {
      const timeline = this.#timelines.get(nozzleId)
      if (timeline && timeline.knownFrom <= at) {
        this.#timelines.delete(nozzleId)
        this.#timelines.set(nozzleId, timeline)
      } else {
        ids.push(nozzleId)
        from.push(at)
      }
    }
    if (ids.length === 0) return
    for (const [i, id] of ids.entries()) this.#put(id, { facts: [], knownFrom: from[i]! })
    for (const fact of await loadPrices(await open(), county, ids, from)) {
      this.#timelines.get(fact.nozzleId)!.facts.push(fact)
      this.#facts++
    }
  }

  /** Fen per litre in force at a moment, or undefined when none was told. Only after `ensure`. */
  priceAt(nozzleId: number, at: number): number | undefined {
    const facts = this.#timelines.get(nozzleId)!.facts
    return facts[inForce(facts, at)]?.priceFenPerLitre
  }

  /**
   * Adds price facts of a round and returns the spans in which they changed what was in force. Only after `ensure`.
   * `site` names the site of a nozzle.
   */
  add(added: readonly PriceFact[], site: (nozzleId: number) => number): PriceSpan[] {
    const byNozzle = new Map<number, PriceFact[]>()
    for (const fact of added) {
      const list = byNozzle.get(fact.nozzleId)
      if (list) list.push(fact)
      else byNozzle.set(fact.nozzleId, [fact])
    }
    const spans: PriceSpan[] = []
    for (const [nozzleId, facts] of byNozzle) {
      const timeline = this.#timelines.get(nozzleId)!
      const before = timeline.facts
      const after = [...before, ...facts].sort(order)
      const moments = [...new Set(facts.map((fact) => fact.at))].sort((a, b) => a - b)
      for (const from of moments) {
        const place = inForce(after, from)
        const priceFenPerLitre = after[place]!.priceFenPerLitre
        if (before[inForce(before, from)]?.priceFenPerLitre === priceFenPerLitre) continue
        const to = after[place + 1]?.at ?? FOREVER
        spans.push({ siteId: site(nozzleId), nozzleId, from, to, priceFenPerLitre })
      }
      this.#facts += facts.length
      timeline.facts = after
    }
    return spans
  }

  /** Keeps the memory within its bounds; called between rounds. */
  trim(nozzleIds: Iterable<number>): void {
    for (const id of nozzleIds) {
      const timeline = this.#timelines.get(id)
      if (!timeline || timeline.facts.length <= KEPT_PER_NOZZLE) continue
      this.#facts -= timeline.facts.length - KEPT_PER_NOZZLE
      timeline.facts = timeline.facts.slice(-KEPT_PER_NOZZLE)
      timeline.knownFrom = timeline.facts[0]!.at
    }
    for (const [id, timeline] of this.#timelines) {
      if (this.#facts <= KEPT_IN_ALL) break
      this.#timelines.delete(id)
      this.#facts -= timeline.facts.length
    }
  }

  #put(nozzleId: number, timeline: Timeline): void {
    this.#facts -= this.#timelines.get(nozzleId)?.facts.length ?? 0
    this.#timelines.delete(nozzleId)
    this.#timelines.set(nozzleId, timeline)
  }
}
