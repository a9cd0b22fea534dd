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
  /** When the next registration comes into force. */
  #nextEffect = Number.POSITIVE_INFINITY

  readonly #byId = new Map<number, SiteEntry>()

  /** A site by its number. */
  siteById(siteId: number): SiteEntry | undefined {
    return this.#byId.get(siteId)
  }

  /** Forgets memory and reads the tables. */
  async load(tx: Transaction, county: number): Promise<void> {
    for (const kept of [this.sites, this.nozzles, this.tanks, this.#byId]) kept.clear()
    this.#forgetTouched()
    this.#nextEffect = Number.POSITIVE_INFINITY
    const rows = await loadRegistry(tx, county)
    for (const row of rows.sites) {
      const site: SiteEntry = { row, tanks: new Map(), nozzles: new Map(), arms: new Map() }
      this.sites.set(row.site, site)
      this.#byId.set(row.siteId, site)
      this.#nextEffect = Math.min(this.#nextEffect, row.coming[0]?.effectiveAt ?? Number.POSITIVE_INFINITY)
    }
    for (const row of rows.tanks) this.#addTank({ row, site: this.#byId.get(row.siteId)! })
    for (const row of rows.nozzles) this.#addNozzle({ row, site: this.#byId.get(row.siteId)!, links: [] })
    for (const link of rows.links) this.nozzles.get(link.nozzleId)!.links.push(link)
  }

  #forgetTouched(): void {
    for (const touched of [this.#touchedSites, this.#touchedTanks, this.#touchedNozzles, this.#touchedLinks])
      touched.clear()
    this.#regrades = []
  }

  /**
   * Takes one registration, stated at `at`. In force is the newest whose moment has come; those of a later moment wait for
   * it, older ones only add to the past. What it names is known at once: records of it may come before it holds.
   */
  register(document: Site, at: number): void {
    const known = this.sites.get(document.site)
    const site = known ?? this.#newSite(document)
    const stated = known ? [site.row.document, ...site.row.coming] : []
    const changed = this.#settle(
      site,
      [...stated.filter((each) => each.effectiveAt !== document.effectiveAt), document],
      at,
    )
    for (const tank of document.tanks)
      if (!site.tanks.has(tank.tank)) this.#putTank(site, tank, this.tanks.size + 1, false)
    for (const { dispenser, nozzles } of document.dispensers)
      for (const { nozzle, tank } of nozzles)
        this.#nameNozzle(site, { dispenser, nozzle, arm: false }, tank, document)
    for (const { arm, tank } of document.arms)
      this.#nameNozzle(site, { dispenser: '', nozzle: arm, arm: true }, tank, document)
    if (changed || !known) this.#bringIntoForce(site)
  }

  /** Brings into force what was registered for a moment that has come. Returns whether anything changed. */
  advance(at: number): boolean {
    if (at < this.#nextEffect) return false
    this.#nextEffect = Number.POSITIVE_INFINITY
    for (const site of this.sites.values()) {
      const { document, coming } = site.row
      if (this.#settle(site, [document, ...coming], at)) this.#bringIntoForce(site)
    }
    return true
  }

  #newSite(document: Site): SiteEntry {
    const { site, effectiveAt } = document
    const row: SiteRow = { siteId: this.sites.size + 1, site, effectiveAt, document, coming: [] }
    const entry: SiteEntry = { row, tanks: new Map(), nozzles: new Map(), arms: new Map() }
    this.sites.set(site, entry)
    this.#byId.set(row.siteId, entry)
    this.#touchedSites.add(entry)
    return entry
  }

  /** Finds what is in force among registrations, and what is still to come. Returns whether another one is in force. */
  #settle(site: SiteEntry, stated: readonly Site[], at: number): boolean {
    const inOrder = [...stated].sort((a, b) => a.effectiveAt - b.effectiveAt)
    const place = Math.max(
      0,
      inOrder.findLastIndex((each) => each.effectiveAt <= at),
    )
    const document = inOrder[place]!
    const coming = inOrder.slice(place + 1)
    this.#nextEffect = Math.min(this.#nextEffect, coming[0]?.effectiveAt ?? Number.POSITIVE_INFINITY)
    const changed = document !== site.row.document
    const waits = site.row.coming
    if (!changed && coming.length === waits.length && coming.every((each, i) => each === waits[i]))
      return false
    site.row = { ...site.row, effectiveAt: document.effectiveAt, document, coming }
    this.#touchedSites.add(site)
    return changed
  }

  /** Writes the registration in force into the rows of the site's parts; what it does not name does not stand any more. */
  #bringIntoForce(site: SiteEntry): void {
    const { tanks, dispensers, arms } = site.row.document
    const named = new Map(tanks.map((tank) => [tank.tank, tank]))
    for (const { row } of site.tanks.values()) {
      const tank = named.get(row.tank)
      if (tank) this.#putTank(site, tank, row.tankId, true)
      else if (row.standing) this.#keepTank(site.tanks.get(row.tank)!, { ...row, standing: false })
    }
    const dispenserOf = new Map(
      dispensers.flatMap(({ dispenser, nozzles }) => nozzles.map(({ nozzle }) => [nozzle, dispenser])),
    )
    const armsNamed = new Set(arms.map(({ arm }) => arm))
    for (const nozzle of [...site.nozzles.values(), ...site.arms.values()]) {
      const { row } = nozzle
      const standing = row.arm ? armsNamed.has(row.nozzle) : dispenserOf.has(row.nozzle)
      const dispenser = row.arm ? row.dispenser : (dispenserOf.get(row.nozzle) ?? row.dispenser)
      this.#keepNozzle(nozzle, { ...row, dispenser, standing })
    }
  }

  #putTank(site: SiteEntry, tank: Site['tanks'][number], tankId: number, standing: boolean): void {
    const row: TankRow = {
      tankId,
      siteId: site.row.siteId,
      tank: tank.tank,
      grade: gradeIndex(tank.grade),
      capacityMillilitres: tank.capacityMillilitres,
      safeFillMillilitres: tank.safeFillMillilitres,
      diameterMillimetres: tank.diameterMillimetres,
      standing,
    }
    this.#keepTank(site.tanks.get(tank.tank) ?? { row, site }, row)
  }

  /** Makes a nozzle or arm known, and what it draws from by a registration. */
  #nameNozzle(
    site: SiteEntry,
    named: Pick<NozzleRow, 'dispenser' | 'nozzle' | 'arm'>,
    tank: string,
    document: Site,
  ): void {
    const known = (named.arm ? site.arms : site.nozzles).get(named.nozzle)
    const { siteId } = site.row
    const row = known?.row ?? { nozzleId: this.nozzles.size + 1, siteId, ...named, standing: false }
    const nozzle: NozzleEntry = known ?? { row, site, links: [] }
    this.#keepNozzle(nozzle, row)
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

  #keepTank(tank: TankEntry, row: TankRow): void {
    tank.row = row
    this.#addTank(tank)
    this.#touchedTanks.add(tank)
  }

  #keepNozzle(nozzle: NozzleEntry, row: NozzleRow): void {
    nozzle.row = row
    this.#addNozzle(nozzle)
    this.#touchedNozzles.add(nozzle)
  }

  #addTank(tank: TankEntry): void {
    this.tanks.set(tank.row.tankId, tank)
    tank.site.tanks.set(tank.row.tank, tank)
  }

  #addNozzle(nozzle: NozzleEntry): void {
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
