import { gradeIndex, type Site } from '@oiltrail/domain'
import {
  type GradeSpan,
  loadRegistry,
  type NozzleLinkRow,
  type NozzleRow,
  putRegistry,
  type SiteRow,
  type TankRow,
  type Transaction,
} from '@oiltrail/store'
import { FOREVER } from './prices.ts'

/** A nozzle or arm with its tanks over time, oldest first. Before the first link the first one holds. */
export interface NozzleEntry {
  row: NozzleRow
  readonly site: SiteEntry
  links: NozzleLinkRow[]
}
export interface TankEntry {
  row: TankRow
  readonly site: SiteEntry
}
export interface SiteEntry {
  row: SiteRow
  readonly tanks: Map<string, TankEntry>
  readonly nozzles: Map<string, NozzleEntry>
  readonly arms: Map<string, NozzleEntry>
}

/** The link in force at a moment. */
export function linkAt(nozzle: NozzleEntry, at: number): NozzleLinkRow {
  let found = nozzle.links[0]!
  for (const link of nozzle.links) {
    if (link.validFrom > at) break
    found = link
  }
  return found
}

/**
 * The registry of sites as the log's desk entries state it. Numbers are given in the order of the log, so that every
 * rebuild gives the same. Nothing registered is ever forgotten: old records still name it.
 */
export class RegistryView {
  readonly sites = new Map<string, SiteEntry>()
  readonly nozzles = new Map<number, NozzleEntry>()
  readonly tanks = new Map<number, TankEntry>()
  readonly #touchedSites = new Set<SiteEntry>()
  readonly #touchedTanks = new Set<TankEntry>()
  readonly #touchedNozzles = new Set<NozzleEntry>()
  readonly #touchedLinks = new Set<NozzleLinkRow>()
  #regrades: GradeSpan[] = []

  readonly #byId = new Map<number, SiteEntry>()

  /** A site by its number. */
  siteById(siteId: number): SiteEntry | undefined {
    return this.#byId.get(siteId)
  }

  /** Forgets memory and reads the tables. */
  async load(tx: Transaction, county: number): Promise<void> {
    for (const kept of [this.sites, this.nozzles, this.tanks, this.#byId]) kept.clear()
    this.#forgetTouched()
    const rows = await loadRegistry(tx, county)
    for (const row of rows.sites) {
      const site: SiteEntry = { row, tanks: new Map(), nozzles: new Map(), arms: new Map() }
      this.sites.set(row.site, site)
      this.#byId.set(row.siteId, site)
    }
    for (const row of rows.tanks) this.#keepTank({ row, site: this.#byId.get(row.siteId)! })
    for (const row of rows.nozzles) this.#keepNozzle({ row, site: this.#byId.get(row.siteId)!, links: [] })
    for (const link of rows.links) this.nozzles.get(link.nozzleId)!.links.push(link)
  }

  #forgetTouched(): void {
    for (const touched of [this.#touchedSites, this.#touchedTanks, this.#touchedNozzles, this.#touchedLinks])
      touched.clear()
    this.#regrades = []
  }

  /** Takes one registration: the newest by `effectiveAt` is in force, an older one only adds to the past. */
  register(document: Site): void {
    const known = this.sites.get(document.site)
    const row: SiteRow = {
      siteId: known?.row.siteId ?? this.sites.size + 1,
      site: document.site,
      effectiveAt: document.effectiveAt,
      document,
    }
    const site: SiteEntry = known ?? { row, tanks: new Map(), nozzles: new Map(), arms: new Map() }
    this.sites.set(document.site, site)
    this.#byId.set(row.siteId, site)
    const newest = document.effectiveAt >= site.row.effectiveAt
    if (newest) {
      site.row = row
      this.#touchedSites.add(site)
    }
    for (const tank of document.tanks) this.#registerTank(site, tank, newest)
    for (const { dispenser, nozzles } of document.dispensers)
      for (const nozzle of nozzles)
        this.#registerNozzle(
          site,
          { code: nozzle.nozzle, dispenser, arm: false },
          nozzle.tank,
          document,
          newest,
        )
    for (const arm of document.arms)
      this.#registerNozzle(site, { code: arm.arm, dispenser: '', arm: true }, arm.tank, document, newest)
  }

  #registerTank(site: SiteEntry, tank: Site['tanks'][number], newest: boolean): void {
    const known = site.tanks.get(tank.tank)
    if (known && !newest) return
    const row: TankRow = {
      tankId: known?.row.tankId ?? this.tanks.size + 1,
      siteId: site.row.siteId,
      tank: tank.tank,
      grade: gradeIndex(tank.grade),
      capacityMillilitres: tank.capacityMillilitres,
      safeFillMillilitres: tank.safeFillMillilitres,
      diameterMillimetres: tank.diameterMillimetres,
    }
    const entry: TankEntry = known ?? { row, site }
    entry.row = row
    this.#keepTank(entry)
    this.#touchedTanks.add(entry)
  }

  #registerNozzle(
    site: SiteEntry,
    named: { code: string; dispenser: string; arm: boolean },
    tank: string,
    document: Site,
    newest: boolean,
  ): void {
    const known = (named.arm ? site.arms : site.nozzles).get(named.code)
    const row: NozzleRow = {
      nozzleId: known?.row.nozzleId ?? this.nozzles.size + 1,
      siteId: site.row.siteId,
      dispenser: known && !newest ? known.row.dispenser : named.dispenser,
      nozzle: named.code,
      arm: named.arm,
    }
    const nozzle: NozzleEntry = known ?? { row, site, links: [] }
    nozzle.row = row
    this.#keepNozzle(nozzle)
    this.#touchedNozzles.add(nozzle)
    this.#link(nozzle, {
      nozzleId: row.nozzleId,
      validFrom: document.effectiveAt,
      tankId: site.tanks.get(tank)!.row.tankId,
      grade: gradeIndex(document.tanks.find((each) => each.tank === tank)!.grade),
    })
  }

  #link(nozzle: NozzleEntry, link: NozzleLinkRow): void {
    const isNew = nozzle.links.length === 0
    const before = nozzle.links
    nozzle.links = [...before.filter((each) => each.validFrom !== link.validFrom), link].sort(
      (a, b) => a.validFrom - b.validFrom,
    )
    this.#touchedLinks.add(link)
    if (isNew) return
    const place = nozzle.links.indexOf(link)
    // Before its first link a nozzle counts as what that link says, so a new first link reaches back for ever.
    const from = place === 0 ? 0 : link.validFrom
    const to = nozzle.links[place + 1]?.validFrom ?? FOREVER
    const old = linkAt({ ...nozzle, links: before }, from)
    const reachesBack = place === 0 && before[0]!.validFrom !== link.validFrom
    if (old.grade !== link.grade || reachesBack)
      this.#regrades.push({
        siteId: nozzle.row.siteId,
        nozzleId: nozzle.row.nozzleId,
        from,
        to,
        grade: link.grade,
      })
  }

  #keepTank(tank: TankEntry): void {
    this.tanks.set(tank.row.tankId, tank)
    tank.site.tanks.set(tank.row.tank, tank)
  }

  #keepNozzle(nozzle: NozzleEntry): void {
    this.nozzles.set(nozzle.row.nozzleId, nozzle)
    ;(nozzle.row.arm ? nozzle.site.arms : nozzle.site.nozzles).set(nozzle.row.nozzle, nozzle)
  }

  /** Writes what registrations changed since the last call; returns the spans in which stored facts change their grade. */
  async write(tx: Transaction, county: number): Promise<GradeSpan[]> {
    if (this.#touchedSites.size + this.#touchedNozzles.size + this.#touchedTanks.size === 0) return []
    const links = [...this.#touchedLinks].filter((link) =>
      this.nozzles.get(link.nozzleId)!.links.includes(link),
    )
    await putRegistry(tx, county, {
      sites: [...this.#touchedSites].map((site) => site.row),
      tanks: [...this.#touchedTanks].map((tank) => tank.row),
      nozzles: [...this.#touchedNozzles].map((nozzle) => nozzle.row),
      links,
    })
    const regrades = this.#regrades
    this.#forgetTouched()
    return regrades
  }
}
