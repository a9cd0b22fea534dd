import {
  NO_SALES,
  plusSums,
  type SalesDelta,
  type SalesSums,
  sumColumns,
  type Transaction,
} from '@oiltrail/store'
import type { RegistryView } from './registry.ts'

/**
 * Sums of today, and of days to come (clocks run ahead by minutes), by site, in memory: what the stream sends with every
 * sale without asking the database.
 */
export class TodayBoard {
  /** Day → site → sums. Loads of arms belong to their site but not to the county's sales. */
  readonly #sites = new Map<number, Map<number, SalesSums>>()
  readonly #counties = new Map<number, SalesSums>()

  /** Begins again from the rollups. */
  async load(tx: Transaction, county: number, today: number): Promise<void> {
    this.#sites.clear()
    this.#counties.clear()
    const { rows } = await tx.query<SalesSums & { day: number; siteId: number; arm: boolean }>(
      `select r.day, r.site_id as "siteId", n.arm, ${sumColumns('r')}
       from sales_day r join nozzle n on n.county = $1 and n.nozzle_id = r.nozzle_id
       where r.county = $1 and r.day >= $2 group by r.day, r.site_id, n.arm`,
      [county, today],
    )
    for (const { day, siteId, arm, ...sums } of rows) this.#add(day, siteId, arm, sums)
  }

  /** Adds the differences of a committed round. Returns the sites whose sums of today changed. */
  add(days: readonly SalesDelta[], registry: RegistryView, today: number): Set<number> {
    for (const day of this.#sites.keys()) if (day < today) this.#forget(day)
    const changed = new Set<number>()
    for (const { bucket, nozzleId, siteId, grade: _, ...sums } of days) {
      if (bucket < today) continue
      this.#add(bucket, siteId, registry.nozzles.get(nozzleId)!.row.arm, sums)
      if (bucket === today) changed.add(siteId)
    }
    return changed
  }

  site(day: number, siteId: number): SalesSums {
    return this.#sites.get(day)?.get(siteId) ?? NO_SALES
  }

  county(day: number): SalesSums {
    return this.#counties.get(day) ?? NO_SALES
  }

  #forget(day: number): void {
    this.#sites.delete(day)
    this.#counties.delete(day)
  }

  #add(day: number, siteId: number, arm: boolean, sums: SalesSums): void {
    const sites = this.#sites.get(day) ?? new Map<number, SalesSums>()
    this.#sites.set(day, sites)
    sites.set(siteId, plusSums(sites.get(siteId) ?? NO_SALES, sums))
    if (!arm) this.#counties.set(day, plusSums(this.#counties.get(day) ?? NO_SALES, sums))
  }
}
