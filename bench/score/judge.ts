import { type EpochMs, HOUR_MS } from '@oiltrail/kernel'
import type { SitePlan } from '../../apps/simulator/src/county/plan.ts'
import { seedOf, uniformAt } from '../../apps/simulator/src/random.ts'
import type { ScoredAlarm } from './alarms.ts'
import { strike } from './attacks.ts'
import { type Play, play, STARTS_AT } from './play.ts'
import type { Scenario } from './scenarios.ts'

/** One line of the score. */
export interface ScoreRow {
  readonly scenario: string
  readonly seed: number
  /** A misdeed was found; nothing honest was accused. */
  readonly found: boolean
  /** Rules that raised an alarm from the beginning of the scenario on. */
  readonly rules: readonly string[]
  readonly secondsToAlarm: number | null
  /** Longest time allowed. */
  readonly within: number
  readonly ok: boolean
  /** The sentence of the alarm that found it, or of the first false one. */
  readonly sentence: string
}

const DAY_MS = 24 * HOUR_MS
const STATIONS = 20
const DECLARED_AFTER_MS = 6 * HOUR_MS

function stationOf(scenario: Scenario, seed: number): string {
  const chance = uniformAt(seedOf(seed, `score ${scenario.name}`), 0)
  return `S${String(1 + Math.floor(chance * STATIONS)).padStart(3, '0')}`
}

/** The part of the site that is aimed at: the tapped nozzle that most customers use, a tank with room and oil, a dispenser. */
function subjectOf(scenario: Scenario, site: SitePlan): string {
  const tapped = site.dispensers.filter((dispenser) => dispenser.tapped)
  switch (scenario.subject) {
    case 'tapped-nozzle': {
      const nozzles = tapped.flatMap((dispenser) => dispenser.nozzles)
      return `:${(nozzles.find(({ grade }) => grade === '92') ?? nozzles[0]!).nozzle}`
    }
    case 'tank':
      return `:${site.tanks.find(({ grade }) => grade === '92')!.tank}`
    case 'dispenser':
      return `:${tapped[0]!.dispenser}`
    default:
      return ''
  }
}

interface Moments {
  readonly begin: EpochMs
  /** From when the time to the alarm counts; undefined when it never came (no delivery ran short, nobody bought). */
  from: EpochMs | undefined
}

function order(scenario: Scenario, county: Play, station: SitePlan): Moments {
  const begin = STARTS_AT + scenario.day * DAY_MS + scenario.hour * HOUR_MS
  const lastsSeconds = scenario.lastsHours === undefined ? '' : `~${scenario.lastsHours * 3_600}`
  const spec = `${scenario.fault}@${station.site.site}${subjectOf(scenario, station)}`
  const ordered = county.staged.desk.order(`${spec}+${(begin - STARTS_AT) / 1000}${lastsSeconds}`)
  if (!ordered.ok) throw new Error(`${spec}: ${ordered.problem.detail}`)
  if (scenario.declared) declare(county, station, scenario, begin)
  const moments: Moments = { begin, from: begin }
  if (scenario.from === 'end') moments.from = begin + (scenario.lastsHours ?? 0) * HOUR_MS
  if (scenario.from === 'sale') {
    moments.from = undefined
    county.staged.world.witnesses.push({
      saleEnded: (site, nozzle, { endsAt, hidden, priceFenPerLitre }) => {
        const touched = hidden || priceFenPerLitre !== nozzle.priceFenPerLitre
        if (touched && site.code === station.site.site && endsAt > begin) moments.from ??= endsAt
      },
    })
  }
  if (scenario.from === 'delivery') {
    moments.from = undefined
    county.staged.world.witnesses.push({
      inflowEnded: (site, _tank, { startedAt, endsAt }) => {
        if (site.code === station.site.site && startedAt > begin) moments.from ??= endsAt
      },
    })
  }
  return moments
}

/** Windows for the whole site, stated at the desk by the site itself. */
function declare(county: Play, station: SitePlan, { declared, days }: Scenario, begin: EpochMs): void {
  if (declared === 'once') declareOne(county, station, begin - HOUR_MS, begin + DECLARED_AFTER_MS)
  // Noon and midnight are when rules of days judge.
  else
    for (let at = STARTS_AT + DAY_MS / 2; at < STARTS_AT + days * DAY_MS; at += DAY_MS / 2)
      declareOne(county, station, at - HOUR_MS / 2, at + HOUR_MS)
}

function declareOne({ staged, feed }: Play, station: SitePlan, at: EpochMs, to: EpochMs): void {
  const { site } = station.site
  const span = { part: '', purpose: 'maintenance' as const, note: '', from: at, to }
  const window = { window: `W-${site}-${at}`, site, ...span }
  staged.world.agenda.plan(at, () => feed.log({ type: 'window', at, loggedAt: at, site, window }))
}

/** A proposal of a better chart is no accusation, and the charts of the simulator are bent: it is right wherever it comes. */
const ACCUSES_NOBODY: ReadonlySet<string> = new Set(['chart-deviation'])

/** Plays one scenario under one seed. */
export function judge(scenario: Scenario, seed: number): ScoreRow {
  const code = stationOf(scenario, seed)
  const county = play(seed, { station: code })
  const station = county.plan.sites.find(({ site }) => site.site === code)!
  const moments =
    scenario.kind === 'attack' ? attacked(scenario, county, station) : order(scenario, county, station)
  const alarms = county.run(scenario.days).filter(({ loggedAt }) => loggedAt >= moments.begin)
  const rules = [...new Set(alarms.map(({ rule }) => rule))]
  const base = { scenario: scenario.name, seed, rules, within: scenario.withinSeconds }
  if (scenario.kind === 'honest' || scenario.rules.length === 0) {
    const wrong = alarms.find(({ rule }) => !scenario.rules.includes(rule) && !ACCUSES_NOBODY.has(rule))
    const ok = wrong === undefined
    return { ...base, found: ok, secondsToAlarm: null, ok, sentence: wrong?.sentence ?? '' }
  }
  const from = moments.from ?? Number.POSITIVE_INFINITY
  const hit: ScoredAlarm | undefined = alarms.find(
    ({ rule, loggedAt }) => scenario.rules.includes(rule) && loggedAt >= moments.begin,
  )
  const seconds = hit === undefined ? null : Math.max(0, Math.round((hit.loggedAt - from) / 1000))
  const ok = seconds !== null && seconds <= scenario.withinSeconds && !rules.includes('rule-failed')
  return { ...base, found: hit !== undefined, secondsToAlarm: seconds, ok, sentence: hit?.sentence ?? '' }
}

function attacked(scenario: Scenario, county: Play, station: SitePlan): Moments {
  const begin = STARTS_AT + scenario.day * DAY_MS + scenario.hour * HOUR_MS
  county.staged.world.agenda.plan(begin, (at) => {
    const { refusals, doubled } = strike(
      scenario.name,
      county.feed,
      { site: station.site.site, device: station.device },
      at,
    )
    if (doubled > 0) throw new Error(`${scenario.name}: ${doubled} records were taken twice`)
    if (refusals.length === 0 && scenario.rules.length > 0)
      throw new Error(`${scenario.name} was not refused`)
  })
  return { begin, from: begin }
}
