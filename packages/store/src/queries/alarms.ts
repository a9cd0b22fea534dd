import {
  ALARM_GRADES,
  type Alarm,
  type DeliveryNotice,
  type LoadRow,
  type QuietWindow,
  type SettingsChange,
  type Words,
} from '@oiltrail/domain'
import type { AlarmRow, AlarmStepRow, NoticeRow, SettingsChangeRow, WindowRow, Withdrawn } from '../watch.ts'
import type { Reader } from './sums.ts'

/** What a question about alarms is narrowed to; undefined is all. */
export interface AlarmFilter {
  readonly state: 'sight' | 'open' | 'suppressed' | 'shelved' | 'finished' | 'all'
  readonly handling: string | undefined
  /** 0 red … 3 blue. */
  readonly grade: number | undefined
  readonly site: string | undefined
  readonly rule: string | undefined
  /** Time of the first finding. */
  readonly from: number | undefined
  readonly to: number | undefined
  /** Alarms with a lower number. */
  readonly before: number | undefined
  readonly limit: number
  /** Shelves end by this time. */
  readonly now: number
}

/** Open, unfinished, neither suppressed nor shelved: `domain` calls it in sight. $2 is now. */
const IN_SIGHT = `open and handling not in ('closed', 'false') and not suppressed and coalesce(shelved_until, 0) <= $2`
const STATES: Readonly<Record<AlarmFilter['state'], string>> = {
  sight: IN_SIGHT,
  open: 'open',
  suppressed: 'open and suppressed',
  shelved: 'open and shelved_until > $2',
  finished: `handling in ('closed', 'false')`,
  all: 'true',
}

interface AlarmRecord {
  document: Alarm
  zh: string
  en: string
}
const COLUMNS = 'document, sentence_zh as zh, sentence_en as en'

function alarmRow({ document, zh, en }: AlarmRecord): AlarmRow {
  const sentence: Words = { zh, en }
  return { alarm: document, sentence }
}

/** Alarms, newest first. */
export async function listAlarms(reader: Reader, county: number, filter: AlarmFilter): Promise<AlarmRow[]> {
  const { rows } = await reader.query<AlarmRecord>(
    `select ${COLUMNS} from alarm where county = $1 and $2::int8 is not null and (${STATES[filter.state]})
       and ($3::text is null or handling = $3) and ($4::int2 is null or grade = $4) and ($5::text is null or site = $5)
       and ($6::text is null or rule = $6) and ($7::int8 is null or opened_at >= $7) and ($8::int8 is null or opened_at < $8)
       and ($9::int4 is null or alarm < $9)
     order by alarm desc limit $10`,
    [
      county,
      filter.now,
      filter.handling ?? null,
      filter.grade ?? null,
      filter.site ?? null,
      filter.rule ?? null,
      filter.from ?? null,
      filter.to ?? null,
      filter.before ?? null,
      filter.limit,
    ],
  )
  return rows.map(alarmRow)
}

/** How many alarms are in sight by grade, and how many are kept out of it. */
export interface AlarmCounts {
  readonly red: number
  readonly orange: number
  readonly yellow: number
  readonly blue: number
  readonly suppressed: number
  readonly shelved: number
}

export async function countAlarms(reader: Reader, county: number, now: number): Promise<AlarmCounts> {
  const { rows } = await reader.query<AlarmCounts>({
    name: 'count-alarms',
    text: `select count(*) filter (where grade = 0 and ${IN_SIGHT})::int4 as red,
        count(*) filter (where grade = 1 and ${IN_SIGHT})::int4 as orange,
        count(*) filter (where grade = 2 and ${IN_SIGHT})::int4 as yellow,
        count(*) filter (where grade = 3 and ${IN_SIGHT})::int4 as blue,
        count(*) filter (where suppressed)::int4 as suppressed,
        count(*) filter (where shelved_until > $2)::int4 as shelved
      from alarm where county = $1 and open`,
    values: [county, now],
  })
  return rows[0]!
}

/** Sites with alarms in sight: the worst grade (0 red) and their number. */
export async function listAlarmPlaces(
  reader: Reader,
  county: number,
  now: number,
): Promise<{ site: string; grade: number; alarms: number }[]> {
  const { rows } = await reader.query<{ site: string; grade: number; alarms: number }>({
    name: 'alarm-places',
    text: `select site, min(grade)::int2 as grade, count(*)::int4 as alarms from alarm
      where county = $1 and ${IN_SIGHT} and site <> '' group by site order by site`,
    values: [county, now],
  })
  return rows
}

/** One alarm by its number. */
export async function readAlarm(
  reader: Reader,
  county: number,
  alarm: number,
): Promise<AlarmRow | undefined> {
  const { rows } = await reader.query<AlarmRecord>({
    name: 'read-alarm',
    text: `select ${COLUMNS} from alarm where county = $1 and alarm = $2`,
    values: [county, alarm],
  })
  return rows[0] && alarmRow(rows[0])
}

/** What happened to an alarm, oldest first. */
export async function listAlarmSteps(
  reader: Reader,
  county: number,
  alarm: number,
  limit: number,
): Promise<AlarmStepRow[]> {
  const { rows } = await reader.query<AlarmStepRow>({
    name: 'alarm-steps',
    text: `select alarm, step, position, at, what, actor, note from alarm_step where county = $1 and alarm = $2
      order by step limit $3`,
    values: [county, alarm, limit],
  })
  return rows
}

/** Alarms of the same rule at the same site before one, newest first. */
export async function listSimilar(
  reader: Reader,
  county: number,
  alarm: Pick<Alarm, 'alarm' | 'rule' | 'site'>,
  limit: number,
): Promise<AlarmRow[]> {
  const { rows } = await reader.query<AlarmRecord>({
    name: 'similar-alarms',
    text: `select ${COLUMNS} from alarm where county = $1 and rule = $2 and site = $3 and alarm < $4
      order by alarm desc limit $5`,
    values: [county, alarm.rule, alarm.site, alarm.alarm, limit],
  })
  return rows.map(alarmRow)
}

/** Numbers of the open alarms that one keeps out of sight. */
export async function listChildren(
  reader: Reader,
  county: number,
  alarm: number,
  site: string,
): Promise<number[]> {
  const { rows } = await reader.query<{ alarm: number }>({
    name: 'alarm-children',
    text: `select alarm from alarm where county = $1 and site = $2 and open and suppressed
        and (document -> 'suppressed' ->> 'alarm')::int4 = $3 order by alarm`,
    values: [county, site, alarm],
  })
  return rows.map((row) => row.alarm)
}

/** How each rule fares: open alarms, alarms since a moment and those called false, subjects by verdict. */
export interface RuleFigures {
  readonly rule: string
  readonly openAlarms: number
  readonly recent: number
  readonly recentFalse: number
}

export async function listRuleFigures(reader: Reader, county: number, since: number): Promise<RuleFigures[]> {
  const { rows } = await reader.query<RuleFigures>({
    name: 'rule-figures',
    text: `select rule, count(*) filter (where open)::int4 as "openAlarms",
        count(*) filter (where opened_at >= $2)::int4 as recent,
        count(*) filter (where opened_at >= $2 and handling = 'false')::int4 as "recentFalse"
      from alarm where county = $1 group by rule`,
    values: [county, since],
  })
  return rows
}

/** Subjects of each rule by what it can say about them. */
export async function listVerdicts(
  reader: Reader,
  county: number,
): Promise<{ rule: string; verdict: string; subjects: number }[]> {
  const { rows } = await reader.query<{ rule: string; verdict: string; subjects: number }>({
    name: 'rule-verdicts',
    text: `select rule, verdict, count(*)::int4 as subjects from watch_state where county = $1 group by rule, verdict`,
    values: [county],
  })
  return rows
}

/**
 * Alarms logged since a moment and all that are in sight, with the steps that tell when people saw and answered them; the
 * newest `limit` of each.
 */
export async function listAlarmLoad(
  reader: Reader,
  county: number,
  span: { readonly since: number; readonly now: number; readonly limit: number },
): Promise<LoadRow[]> {
  const { rows } = await reader.query<Omit<LoadRow, 'grade'> & { grade: number }>({
    name: 'alarm-load',
    text: `select a.grade, a.opened_logged_at as "raisedAt", a.suppressed, a."inSight", s.* from (
        (select alarm, grade, opened_logged_at, suppressed, ${IN_SIGHT} as "inSight" from alarm
          where county = $1 and opened_logged_at >= $3 order by alarm desc limit $4)
        union
        (select alarm, grade, opened_logged_at, suppressed, true as "inSight" from alarm
          where county = $1 and ${IN_SIGHT} order by alarm desc limit $4)
      ) a cross join lateral (
        select min(at) filter (where what = 'suppressed') as "suppressedAt",
          min(at) filter (where what = 'released') as "releasedAt",
          min(at) filter (where what = 'settled') as "settledAt",
          min(at) filter (where what in ('accept', 'check', 'false')) as "answeredAt"
        from alarm_step where county = $1 and alarm = a.alarm
      ) s`,
    values: [county, span.now, span.since, span.limit],
  })
  return rows.map((row) => ({ ...row, grade: ALARM_GRADES[row.grade]! }))
}

/** Changes of settings, of one rule or all, newest statement first. */
export async function listSettingsChanges(
  reader: Reader,
  county: number,
  rule: string | undefined,
  limit: number,
): Promise<SettingsChangeRow[]> {
  const { rows } = await reader.query<{
    position: number
    rule: string
    site: string
    from: number
    values: SettingsChange['values']
    actor: string
    reason: string
    statedAt: number
  }>(
    `select position, rule, site, valid_from as "from", setting_values as "values", actor, reason, stated_at as "statedAt"
     from rule_setting where county = $1 and ($2::text is null or rule = $2) order by position desc limit $3`,
    [county, rule ?? null, limit],
  )
  return rows.map(({ position, actor, reason, statedAt, ...change }) => ({
    position,
    change,
    actor,
    reason,
    statedAt,
  }))
}

/** Registered deliveries by the time they are expected, newest first. */
export async function listNotices(
  reader: Reader,
  county: number,
  filter: {
    readonly site: string | undefined
    readonly from: number | undefined
    readonly to: number | undefined
    readonly limit: number
  },
): Promise<NoticeRow[]> {
  const { rows } = await reader.query<StatedRow & { notice: DeliveryNotice }>(
    `select document as notice, ${STATED_COLUMNS} from delivery_notice
     where county = $1 and ($2::text is null or site = $2) and ($3::int8 is null or expected_at >= $3)
       and ($4::int8 is null or expected_at < $4)
     order by expected_at desc, notice limit $5`,
    [county, filter.site ?? null, filter.from ?? null, filter.to ?? null, filter.limit],
  )
  return rows.map(standing)
}

/** One registered delivery by its number. */
export async function findNotice(
  reader: Reader,
  county: number,
  notice: string,
): Promise<NoticeRow | undefined> {
  const { rows } = await reader.query<StatedRow & { notice: DeliveryNotice }>(
    `select document as notice, ${STATED_COLUMNS} from delivery_notice where county = $1 and notice = $2`,
    [county, notice],
  )
  return rows.map(standing)[0]
}

/** What statements have in common as they are read. */
interface StatedRow {
  readonly position: number
  readonly actor: string
  readonly statedAt: number
  readonly withdrawn: Withdrawn | null
}
const STATED_COLUMNS = 'position, actor, stated_at as "statedAt", withdrawn'

/** Without `withdrawn` while it holds. */
function standing<T extends StatedRow>({
  withdrawn,
  ...row
}: T): Omit<T, 'withdrawn'> & { withdrawn?: Withdrawn } {
  return withdrawn ? { ...row, withdrawn } : row
}

/** Declared windows, the one that ends last first. */
export async function listWindows(
  reader: Reader,
  county: number,
  site: string | undefined,
  limit: number,
): Promise<WindowRow[]> {
  const { rows } = await reader.query<StatedRow & { window: QuietWindow }>(
    `select document as window, ${STATED_COLUMNS} from quiet_window
     where county = $1 and ($2::text is null or site = $2) order by to_at desc, quiet_window limit $3`,
    [county, site ?? null, limit],
  )
  return rows.map(standing)
}

/** One declared window by its number. */
export async function findWindow(
  reader: Reader,
  county: number,
  window: string,
): Promise<WindowRow | undefined> {
  const { rows } = await reader.query<StatedRow & { window: QuietWindow }>(
    `select document as window, ${STATED_COLUMNS} from quiet_window where county = $1 and quiet_window = $2`,
    [county, window],
  )
  return rows.map(standing)[0]
}

/** The first position whose entry was received at or after a moment, and the next position of all. */
export async function positionAt(
  reader: Reader,
  county: number,
  receivedAt: number,
  next: number,
): Promise<number> {
  // Times of receipt rise with positions: a search by halves reads some twenty rows of the primary key.
  let low = 0
  let high = next
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { rows } = await reader.query<{ at: number }>({
      name: 'received-at',
      text: 'select received_at as at from log_entry where county = $1 and position = $2',
      values: [county, middle],
    })
    if ((rows[0]?.at ?? Number.POSITIVE_INFINITY) < receivedAt) low = middle + 1
    else high = middle
  }
  return low
}
