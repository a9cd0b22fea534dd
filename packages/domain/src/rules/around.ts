import type { EpochMs } from '@oiltrail/kernel'
import type { Site, Tank } from '../registry/site.ts'
import type { QuietWindow } from './event.ts'
import type { Around, NozzleLink } from './rule.ts'
import type { SettingsBook, SettingValues } from './settings.ts'
import { partSubject, type Subject, subjectParts } from './subject.ts'
import { cutShort } from './withdrawal.ts'

/** A registration with its parts found by code. */
interface Registered {
  readonly site: Site
  readonly nozzles: ReadonlyMap<string, NozzleLink>
  readonly tanks: ReadonlyMap<string, Tank>
  /** Nozzles of each tank. */
  readonly byTank: ReadonlyMap<string, readonly string[]>
}

function registered(site: Site): Registered {
  const tanks = new Map(site.tanks.map((tank) => [tank.tank, tank]))
  const nozzles = new Map<string, NozzleLink>()
  for (const { dispenser, nozzles: list } of site.dispensers)
    for (const { nozzle, tank } of list)
      nozzles.set(nozzle, { nozzle, dispenser, tank, grade: tanks.get(tank)!.grade })
  const byTank = new Map<string, string[]>()
  for (const { nozzle, tank } of nozzles.values()) byTank.set(tank, [...(byTank.get(tank) ?? []), nozzle])
  return { site, nozzles, tanks, byTank }
}

/** Codes that records of a site may name. Nothing registered is ever forgotten: old records still name it. */
export interface KnownParts {
  readonly nozzles: Set<string>
  readonly tanks: Set<string>
  readonly arms: Set<string>
}

/** Registrations of all sites over time. The newest `effectiveAt` not after a moment is in force; before the first, the first. */
export class SiteBook {
  readonly #sites = new Map<string, Registered[]>()
  readonly #ever = new Map<string, KnownParts>()

  /** Takes a registration; one of the same moment replaces the earlier one. */
  take(document: Site): void {
    const kept = (this.#sites.get(document.site) ?? []).filter(
      (each) => each.site.effectiveAt !== document.effectiveAt,
    )
    kept.push(registered(document))
    kept.sort((a, b) => a.site.effectiveAt - b.site.effectiveAt)
    this.#sites.set(document.site, kept)
    const ever = this.#ever.get(document.site) ?? { nozzles: new Set(), tanks: new Set(), arms: new Set() }
    for (const { nozzles } of document.dispensers) for (const { nozzle } of nozzles) ever.nozzles.add(nozzle)
    for (const { tank } of document.tanks) ever.tanks.add(tank)
    for (const { arm } of document.arms) ever.arms.add(arm)
    this.#ever.set(document.site, ever)
  }

  /** Codes of everything that was ever registered at a site: what its records may name. */
  everAt(site: string): KnownParts | undefined {
    return this.#ever.get(site)
  }

  has(site: string): boolean {
    return this.#sites.has(site)
  }

  /** Codes of all sites. */
  codes(): Iterable<string> {
    return this.#sites.keys()
  }

  /** The registration in force at a moment; undefined when the site was never registered. */
  at(site: string, at: EpochMs): Site | undefined {
    return this.registeredAt(site, at)?.site
  }

  /** As `at`, with its parts found by code. */
  registeredAt(site: string, at: EpochMs): Registered | undefined {
    const kept = this.#sites.get(site)
    if (!kept) return undefined
    for (let i = kept.length - 1; i > 0; i--) if (kept[i]!.site.effectiveAt <= at) return kept[i]
    return kept[0]
  }
}

/** Windows kept for a site; older ones are forgotten, since findings about them have long been made. */
const MOST_WINDOWS = 256

/** Declared maintenance and verification windows. */
export class WindowBook {
  readonly #windows = new Map<string, QuietWindow[]>()

  take(window: QuietWindow): void {
    const kept = (this.#windows.get(window.site) ?? []).filter((each) => each.window !== window.window)
    kept.push(window)
    this.#windows.set(window.site, kept.slice(-MOST_WINDOWS))
  }

  /** From this moment on a window hides nothing. It keeps its place, so that no older one is remembered in its stead. */
  withdraw(site: string, name: string, at: EpochMs): void {
    const windows = this.#windows.get(site)
    const i = windows?.findIndex(({ window }) => window === name) ?? -1
    if (i >= 0) windows![i] = cutShort(windows![i]!, at)
  }

  /** The last moment that a window covers; undefined when it was forgotten. */
  endOf(site: string, name: string): EpochMs | undefined {
    return this.#windows.get(site)?.find(({ window }) => window === name)?.to
  }

  /** The window that covers a subject at a moment: of the whole site, or of exactly this part. */
  covering(subject: Subject, at: EpochMs): QuietWindow | undefined {
    return this.within([subject], at, at)
  }

  /** A window, declared so far, that shares time with a span: of the whole site, or of exactly one of these parts of it. */
  within(subjects: readonly Subject[], from: EpochMs, to: EpochMs): QuietWindow | undefined {
    if (this.#windows.size === 0) return undefined
    const windows = this.#windows.get(subjectParts(subjects[0]!).site)
    return windows?.find(
      (window) =>
        window.to > window.from &&
        to >= window.from &&
        from <= window.to &&
        (window.part === '' || subjects.includes(`${window.site}/${window.part}`)),
    )
  }
}

/** The books from which surroundings are read. */
export interface Books {
  readonly sites: SiteBook
  readonly windows: WindowBook
  readonly settings: SettingsBook
}

/**
 * Surroundings of a step, looked up when asked for. One object serves all steps of an engine, aimed anew for each: it is made
 * for every record and rule otherwise. A rule must not keep it.
 */
export class AroundView implements Around {
  private readonly books: Books
  private rule = ''
  subject: Subject = ''
  private siteCode = ''
  private at: EpochMs = 0
  private registered: Registered | undefined

  constructor(books: Books) {
    this.books = books
  }

  /** Aims at the site and moment of an event; `rule` and `subject` follow by `of`. */
  aim(siteCode: string, at: EpochMs): Site | undefined {
    this.siteCode = siteCode
    this.at = at
    this.registered = this.books.sites.registeredAt(siteCode, at)
    return this.registered?.site
  }

  of(rule: string, subject: Subject): this {
    this.rule = rule
    this.subject = subject
    return this
  }

  get settings(): SettingValues {
    return this.books.settings.valuesAt(this.rule, this.siteCode, this.at)
  }
  get site(): Site | undefined {
    return this.registered?.site
  }
  get siteName(): string {
    return this.registered?.site.name ?? this.siteCode
  }
  get window(): QuietWindow | undefined {
    return this.books.windows.covering(this.subject, this.at)
  }
  declared(from: EpochMs, to: EpochMs): QuietWindow | undefined {
    const { site, kind, code } = subjectParts(this.subject)
    const nozzles = kind === 'tank' ? this.nozzlesOf(code) : NONE
    const parts = [this.subject, ...nozzles.map((nozzle) => partSubject(site, 'nozzle', nozzle))]
    return this.books.windows.within(parts, from, to)
  }
  nozzle(code: string): NozzleLink | undefined {
    return this.registered?.nozzles.get(code)
  }
  tank(code: string): Tank | undefined {
    return this.registered?.tanks.get(code)
  }
  nozzlesOf(tank: string): readonly string[] {
    return this.registered?.byTank.get(tank) ?? NONE
  }
}

const NONE: readonly string[] = []
