import type { alarmView } from '@oiltrail/contract'
import {
  ALARM_ACTION_TABLE,
  ALARM_ACTIONS,
  ALARM_GRADES,
  type Alarm,
  isInSight,
  loadOf,
  type Raised,
  RULE_FAILED,
  type Rule,
  subjectParts,
} from '@oiltrail/domain'
import { HOUR_MS } from '@oiltrail/kernel'
import {
  type AlarmRow,
  countAlarms,
  listAlarmLoad,
  listAlarmPlaces,
  listAlarmSteps,
  listAlarms,
  listChildren,
  listSimilar,
  nozzleSeries,
  readAlarm,
  readRegistration,
  type SeriesPoint,
  siteMarks,
  tankSeries,
} from '@oiltrail/store'
import type { z } from 'zod'
import { type ApiParts, bounded, fail, groupBy, type Handlers, unwrap } from './handler.ts'
import { settingViews } from './rules.ts'

const MAX_ALARMS = 500
const SIMILAR = 20
const STEPS = 500
/** Points of one kind on the axis: more than any screen has pixels. */
const SERIES_POINTS = 3_000
/** The axis shows this share of the alarm's own span before and after it, within bounds. */
const LEAST_MARGIN_MS = HOUR_MS
const MOST_MARGIN_MS = 24 * HOUR_MS
/** Longest axis; a longer alarm shows its end. */
const LONGEST_AXIS_MS = 35 * 24 * HOUR_MS
/** Longest span and largest duty of which the load is told. */
const LONGEST_LOAD_HOURS = 30 * 24
const MOST_OFFICERS = 100
/** Alarms of which the load is made; a county of twenty sites has a few a day. */
const LOAD_ALARMS = 20_000
const ADMINISTRATOR = 'administrator'

/** An alarm as the contract shows it. */
export function alarmShape(row: AlarmRow, rule: Rule | undefined, now: number): z.infer<typeof alarmView> {
  const { alarm, sentence } = row
  return {
    alarm: alarm.alarm,
    rule: alarm.rule,
    title: rule?.title ?? { zh: alarm.rule, en: alarm.rule },
    subject: alarm.subject,
    site: alarm.site,
    siteName: alarm.latest.siteName,
    grade: alarm.grade,
    verdict: alarm.latest.verdict,
    sentence,
    handling: alarm.handling,
    active: alarm.active,
    inSight: isInSight(alarm, now),
    count: alarm.count,
    reopened: alarm.reopened,
    openedAt: alarm.openedAt,
    openedLoggedAt: alarm.openedLoggedAt,
    lastSeenAt: alarm.lastSeenAt,
    ...(alarm.clearedAt === undefined ? {} : { clearedAt: alarm.clearedAt }),
    ...(alarm.finishedAt === undefined ? {} : { finishedAt: alarm.finishedAt }),
    ...(alarm.suppressed ? { suppressed: alarm.suppressed } : {}),
    ...(alarm.shelf ? { shelf: alarm.shelf } : {}),
  }
}

function ruleOf({ context }: ApiParts, id: string): Rule | undefined {
  return id === RULE_FAILED.id ? RULE_FAILED : context.watch.rule(id)
}

function shaped(parts: ApiParts, row: AlarmRow): z.infer<typeof alarmView> {
  return alarmShape(row, ruleOf(parts, row.alarm.rule), parts.context.clock.now())
}

async function found({ context }: ApiParts, alarm: number): Promise<AlarmRow> {
  const number = bounded(alarm, 0, 2_147_483_647, 'alarm')
  return (
    (await readAlarm(context.store.pool, context.county, number)) ??
    fail('NOT_FOUND', `there is no alarm ${alarm}`, 'alarm')
  )
}

function findingShape({ facts, from, to, evidence }: Raised) {
  return { facts: { ...facts }, from, to, evidence: [...evidence] }
}

function actionsOf(alarm: Alarm, shelvable: boolean) {
  return ALARM_ACTIONS.filter((action) => {
    if (action === 'shelve' && (!shelvable || alarm.shelf)) return false
    if (action === 'unshelve' && !alarm.shelf) return false
    return ALARM_ACTION_TABLE[action].from.includes(alarm.handling)
  })
}

/** The span of the axis: what the alarm is about, with a margin on both sides. */
function axisOf(alarm: Alarm, now: number): { from: number; to: number } {
  const begin = Math.min(alarm.first.from, alarm.openedAt)
  const end = Math.max(alarm.latest.to, alarm.clearedAt ?? alarm.lastSeenAt)
  const margin = Math.min(Math.max((end - begin) / 2, LEAST_MARGIN_MS), MOST_MARGIN_MS)
  const to = Math.min(end + margin, Math.max(now, end))
  return { from: Math.round(Math.max(begin - margin, to - LONGEST_AXIS_MS)), to: Math.round(to) }
}

const UNITS: Readonly<Record<string, 'millilitres' | 'fenPerLitre' | 'micrometres'>> = {
  price: 'fenPerLitre',
  height: 'micrometres',
}

function lanes(points: readonly SeriesPoint[]) {
  const groups = groupBy(points, (point) => `${point.kind} ${point.subject}`)
  return [...groups.values()].map((group) => {
    const { kind, subject } = group[0]!
    const line = group.map((point): [number, number] => [point.at, point.value])
    return { kind, subject, unit: UNITS[kind] ?? 'millilitres', points: line }
  })
}

/** Which nozzles and tanks an alarm's charts show: the subject and what hangs together with it; all for a whole site. */
function partsShown(site: Alarm['first']['site'], subject: string, document: SiteDocument) {
  const { kind, code } = subjectParts(subject)
  const links = document.dispensers.flatMap((dispenser) => dispenser.nozzles)
  if (kind === 'nozzle') {
    const tanks = links.filter((link) => link.nozzle === code).map((link) => link.tank)
    return { site, nozzles: [code], tanks }
  }
  const ofTanks = (tanks: readonly string[]) => ({
    site,
    nozzles: links.filter((link) => tanks.includes(link.tank)).map((link) => link.nozzle),
    tanks,
  })
  if (kind === 'tank') return ofTanks([code])
  if (kind === 'grade')
    return ofTanks(document.tanks.filter((tank) => tank.grade === code).map((tank) => tank.tank))
  return { site, nozzles: links.map((link) => link.nozzle), tanks: document.tanks.map((tank) => tank.tank) }
}
type SiteDocument = NonNullable<Awaited<ReturnType<typeof readRegistration>>>['document']

export const alarmHandlers: Handlers<
  'alarms' | 'alarmPlaces' | 'alarmLoad' | 'alarm' | 'alarmSeries' | 'handleAlarm'
> = {
  async alarms({ query }, parts) {
    const { store, county, clock } = parts.context
    const now = clock.now()
    const [rows, counts] = await Promise.all([
      listAlarms(store.pool, county, {
        state: query.state,
        handling: query.handling,
        grade: query.grade === undefined ? undefined : ALARM_GRADES.indexOf(query.grade),
        site: query.site,
        rule: query.rule,
        from: query.from,
        to: query.to,
        before: query.before === undefined ? undefined : bounded(query.before, 0, 2_147_483_647, 'before'),
        limit: bounded(query.limit, 1, MAX_ALARMS, 'limit'),
        now,
      }),
      countAlarms(store.pool, county, now),
    ])
    return { alarms: rows.map((row) => shaped(parts, row)), counts }
  },

  async alarmPlaces(_input, { context }) {
    const rows = await listAlarmPlaces(context.store.pool, context.county, context.clock.now())
    return rows.map(({ grade, ...row }) => ({ ...row, grade: ALARM_GRADES[grade]! }))
  },

  async alarmLoad({ query }, { context }) {
    const { store, county, clock } = context
    const officers = bounded(query.officers, 1, MOST_OFFICERS, 'officers')
    const to = Math.floor(clock.now())
    const from = to - bounded(query.hours, 1, LONGEST_LOAD_HOURS, 'hours') * HOUR_MS
    const rows = await listAlarmLoad(store.pool, county, { since: from, now: to, limit: LOAD_ALARMS })
    const { hours, ...load } = loadOf(rows, { from, to }, officers, to)
    return { from, to, officers, ...load, hours: [...hours] }
  },

  async alarm({ params }, parts) {
    const { store, county } = parts.context
    const row = await found(parts, params.alarm)
    const { alarm } = row
    const rule = ruleOf(parts, alarm.rule)
    const [steps, similar, children] = await Promise.all([
      listAlarmSteps(store.pool, county, alarm.alarm, STEPS),
      listSimilar(store.pool, county, alarm, SIMILAR),
      listChildren(store.pool, county, alarm.alarm, alarm.site),
    ])
    const shelvable = rule?.shelvable ?? true
    return {
      ...shaped(parts, row),
      version: alarm.first.version,
      clause: rule?.clause ?? { zh: '', en: '' },
      advice: rule?.advice ?? { zh: '', en: '' },
      shelvable,
      settings: settingViews(rule, alarm.first.settings),
      first: findingShape(alarm.first),
      latest: findingShape(alarm.latest),
      openedPosition: alarm.openedRef.position,
      actions: actionsOf(alarm, shelvable),
      history: steps.map(({ position, at, what, actor, note }) => ({ position, at, what, actor, note })),
      similar: similar.map((each) => shaped(parts, each)),
      children,
    }
  },

  async alarmSeries({ params }, parts) {
    const { store, county, clock } = parts.context
    const { alarm } = await found(parts, params.alarm)
    const axis = axisOf(alarm, clock.now())
    const registration = await readRegistration(store.pool, county, alarm.site)
    if (!registration) return { ...axis, lanes: [], marks: [] }
    const shown = partsShown(alarm.site, alarm.subject, registration.document)
    const span = { ...shown, ...axis, siteId: registration.siteId, limit: SERIES_POINTS }
    const [nozzles, tanks, marks, steps] = await Promise.all([
      nozzleSeries(store.pool, county, span),
      tankSeries(store.pool, county, span),
      siteMarks(store.pool, county, span),
      listAlarmSteps(store.pool, county, alarm.alarm, STEPS),
    ])
    const people = steps
      .filter((step) => step.actor !== '')
      .map((step) => ({ at: step.at, kind: 'people', subject: step.actor, text: step.what }))
    return {
      ...axis,
      lanes: lanes([...nozzles, ...tanks]),
      marks: [...marks, ...people].sort((a, b) => a.at - b.at),
    }
  },

  handleAlarm({ params, body }, parts) {
    return parts.alarmTurns.take(params.alarm, async () => {
      const { alarm } = await found(parts, params.alarm)
      const { action, note, minutes, actor } = body
      const order = { action, note, minutes, actor: actor ?? ADMINISTRATOR }
      unwrap(await parts.context.watch.handle(alarm, order))
      return shaped(parts, await found(parts, params.alarm))
    })
  },
}
