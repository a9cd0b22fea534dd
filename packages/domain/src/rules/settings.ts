import type { EpochMs } from '@oiltrail/kernel'

/** Text in both languages. */
export interface Words {
  readonly zh: string
  readonly en: string
}

/** One setting of a rule: a number with its meaning, unit, bounds and source. Yes/no is 1/0. */
export interface Setting {
  readonly label: Words
  /** As shown after the number: `mL`, `min`, `%`, `fen/L`, `h`, `times` … */
  readonly unit: string
  readonly value: number
  readonly least: number
  readonly most: number
  /** Law, standard or `P` (our proposal), with the date from which it is known to hold when it matters. */
  readonly source: string
  /** Day from which the default holds, `YYYY-MM-DD`; the default also holds before it, for want of another. */
  readonly effective: string
}

/** The settings a rule declares. */
export type SettingsTable<Key extends string = string> = Readonly<Record<Key, Setting>>

/** Values of a rule's settings that hold at a moment. */
export type SettingValues<Key extends string = string> = Readonly<Record<Key, number>>

/** A person's change of some settings of a rule, from a moment on, for the county or for one site. */
export interface SettingsChange {
  readonly rule: string
  /** Empty: the whole county. */
  readonly site: string
  readonly from: EpochMs
  readonly values: SettingValues
}

/** The defaults of a table. */
export function defaultValues<Key extends string>(table: SettingsTable<Key>): SettingValues<Key> {
  const values: Record<string, number> = {}
  for (const [key, setting] of Object.entries<Setting>(table)) values[key] = setting.value
  return Object.freeze(values) as SettingValues<Key>
}

/** What is wrong with proposed values: an unknown key, or a number outside its bounds; undefined when nothing is. */
export function settingsFault(
  table: SettingsTable,
  values: SettingValues,
): { key: string; detail: string } | undefined {
  for (const [key, value] of Object.entries(values)) {
    const setting = Object.hasOwn(table, key) ? table[key] : undefined
    if (!setting) return { key, detail: `there is no setting ${key}` }
    if (!Number.isFinite(value) || value < setting.least || value > setting.most)
      return { key, detail: `${key} must lie between ${setting.least} and ${setting.most} ${setting.unit}` }
  }
  return undefined
}

/** Settings over time: the defaults, changed for the county, changed for a site; the latest `from` not after the moment wins. */
export class SettingsBook {
  readonly #defaults = new Map<string, SettingValues>()
  readonly #changes = new Map<string, SettingsChange[]>()
  /** The span asked for last of each rule and site: events come nearly in the order of time. */
  readonly #spans = new Map<string, ValueSpan>()

  constructor(tables: Iterable<readonly [rule: string, table: SettingsTable]>) {
    for (const [rule, table] of tables) this.#defaults.set(rule, defaultValues(table))
  }

  /** Takes a change. Two of the same moment: the later taken wins. */
  take(change: SettingsChange): void {
    const changes = this.#changes.get(change.rule) ?? []
    let place = changes.length
    while (place > 0 && changes[place - 1]!.from > change.from) place--
    changes.splice(place, 0, change)
    this.#changes.set(change.rule, changes)
    this.#spans.clear()
  }

  /** Values in force for a site at a moment. The county's changes are laid under the site's. */
  valuesAt(rule: string, site: string, at: EpochMs): SettingValues {
    const changes = this.#changes.get(rule)
    if (!changes) return this.#defaults.get(rule) ?? {}
    const key = `${rule} ${site}`
    const known = this.#spans.get(key)
    if (known && at >= known.from && at < known.until) return known.values
    const span = this.#spanAt(changes, rule, site, at)
    this.#spans.set(key, span)
    return span.values
  }

  #spanAt(changes: readonly SettingsChange[], rule: string, site: string, at: EpochMs): ValueSpan {
    let county: SettingValues = this.#defaults.get(rule) ?? {}
    let own: SettingValues = {}
    let from = 0
    let until = Number.POSITIVE_INFINITY
    for (const change of changes) {
      if (change.from > at) {
        until = change.from
        break
      }
      from = change.from
      if (change.site === '') county = { ...county, ...change.values }
      else if (change.site === site) own = { ...own, ...change.values }
    }
    return { from, until, values: Object.freeze({ ...county, ...own }) }
  }
}

/** Values that hold from a moment until another. */
interface ValueSpan {
  readonly from: EpochMs
  readonly until: EpochMs
  readonly values: SettingValues
}
