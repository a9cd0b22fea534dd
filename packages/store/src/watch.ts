import {
  ALARM_GRADES,
  type Alarm,
  cutShort,
  type DeliveryNotice,
  isFinished,
  isOpen,
  type QuietWindow,
  type SettingsChange,
  type Site,
  type StoredState,
  type Withdrawal,
  type Words,
} from '@oiltrail/domain'
import type { Transaction } from './pool.ts'

/** Tables of the watch: the follower keeps them in memory and writes whole rows; nothing here decides anything. */

type Query = Pick<Transaction, 'query'>

/** An alarm with its sentence as it reads now. */
export interface AlarmRow {
  readonly alarm: Alarm
  readonly sentence: Words
}

/** One step in an alarm's life, as shown in its history. */
export interface AlarmStepRow {
  readonly alarm: number
  readonly step: number
  readonly position: number
  readonly at: number
  readonly what: string
  readonly actor: string
  readonly note: string
}

/** Writes whole alarms; no two may have the same number. Closing ones first, so that one open alarm of a cause can follow another. */
export async function putAlarms(tx: Transaction, county: number, rows: readonly AlarmRow[]): Promise<void> {
  const closing = rows.filter((row) => !isOpen(row.alarm))
  const open = rows.filter((row) => isOpen(row.alarm))
  for (const part of [closing, open]) if (part.length > 0) await putAlarmPart(tx, county, part)
}

async function putAlarmPart(tx: Transaction, county: number, rows: readonly AlarmRow[]): Promise<void> {
  const alarms = rows.map((row) => row.alarm)
  await tx.query({
    name: 'watch-alarm',
    text: `insert into alarm (county, alarm, rule, subject, site, grade, handling, active, open, suppressed, opened_at,
        opened_logged_at, opened_position, last_seen_at, count, shelved_until, sentence_zh, sentence_en, document)
      select $1::int4, * from unnest($2::int4[], $3::text[], $4::text[], $5::text[], $6::int2[], $7::text[], $8::bool[], $9::bool[],
        $10::bool[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::int4[], $16::int8[], $17::text[], $18::text[], $19::jsonb[])
      on conflict (county, alarm) do update set grade = excluded.grade, handling = excluded.handling, active = excluded.active,
        open = excluded.open, suppressed = excluded.suppressed, last_seen_at = excluded.last_seen_at, count = excluded.count,
        shelved_until = excluded.shelved_until, sentence_zh = excluded.sentence_zh, sentence_en = excluded.sentence_en,
        document = excluded.document`,
    values: [
      county,
      alarms.map((a) => a.alarm),
      alarms.map((a) => a.rule),
      alarms.map((a) => a.subject),
      alarms.map((a) => a.site),
      alarms.map((a) => ALARM_GRADES.indexOf(a.grade)),
      alarms.map((a) => a.handling),
      alarms.map((a) => a.active),
      alarms.map((a) => isOpen(a)),
      alarms.map((a) => a.suppressed !== undefined),
      alarms.map((a) => a.openedAt),
      alarms.map((a) => a.openedLoggedAt),
      alarms.map((a) => a.openedRef.position),
      alarms.map((a) => a.lastSeenAt),
      alarms.map((a) => a.count),
      alarms.map((a) => (isFinished(a) ? null : (a.shelf?.until ?? null))),
      rows.map((row) => row.sentence.zh),
      rows.map((row) => row.sentence.en),
      alarms.map((a) => JSON.stringify(a)),
    ],
  })
}

/** Appends steps; each is written once. */
export async function addAlarmSteps(
  tx: Transaction,
  county: number,
  rows: readonly AlarmStepRow[],
): Promise<void> {
  if (rows.length === 0) return
  await tx.query({
    name: 'watch-alarm-step',
    text: `insert into alarm_step (county, alarm, step, position, at, what, actor, note)
      select $1::int4, * from unnest($2::int4[], $3::int4[], $4::int8[], $5::int8[], $6::text[], $7::text[], $8::text[])`,
    values: [
      county,
      rows.map((r) => r.alarm),
      rows.map((r) => r.step),
      rows.map((r) => r.position),
      rows.map((r) => r.at),
      rows.map((r) => r.what),
      rows.map((r) => r.actor),
      rows.map((r) => r.note),
    ],
  })
}

async function putWatchStates(tx: Transaction, county: number, rows: readonly StoredState[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query({
    name: 'watch-state',
    text: `insert into watch_state (county, rule, version, subject, state, wake_at, verdict)
      select $1::int4, * from unnest($2::text[], $3::int4[], $4::text[], $5::jsonb[], $6::int8[], $7::text[])
      on conflict (county, rule, subject) do update set version = excluded.version, state = excluded.state,
        wake_at = excluded.wake_at, verdict = excluded.verdict`,
    values: [
      county,
      rows.map((r) => r.rule),
      rows.map((r) => r.version),
      rows.map((r) => r.subject),
      rows.map((r) => JSON.stringify(r.state)),
      rows.map((r) => r.wakeAt),
      rows.map((r) => r.verdict),
    ],
  })
}

/** What the watch knows of a channel, as it wrote it. */
export interface WatchChannelRow {
  readonly device: string
  readonly channel: number
  readonly document: unknown
}

async function putWatchChannels(
  tx: Transaction,
  county: number,
  rows: readonly WatchChannelRow[],
): Promise<void> {
  if (rows.length === 0) return
  await tx.query({
    name: 'watch-channel',
    text: `insert into watch_channel (county, device, channel, document)
      select $1::int4, * from unnest($2::text[], $3::int2[], $4::jsonb[])
      on conflict (county, device, channel) do update set document = excluded.document`,
    values: [
      county,
      rows.map((r) => r.device),
      rows.map((r) => r.channel),
      rows.map((r) => JSON.stringify(r.document)),
    ],
  })
}

/** A change of settings as it was stated. */
export interface SettingsChangeRow {
  readonly position: number
  readonly change: SettingsChange
  readonly actor: string
  readonly reason: string
  readonly statedAt: number
}
/** By whom, when and why a statement was taken back; `position` is that of the statement that did. */
export interface Withdrawn {
  readonly position: number
  readonly at: number
  readonly actor: string
  readonly reason: string
}
/** Something is taken back. */
export interface WithdrawalRow {
  readonly withdrawal: Withdrawal
  readonly withdrawn: Withdrawn
}
/** A notice of a delivery as it was stated. */
export interface NoticeRow {
  readonly position: number
  readonly notice: DeliveryNotice
  readonly actor: string
  readonly statedAt: number
  readonly withdrawn?: Withdrawn
}
/** A declared window as it was stated. */
export interface WindowRow {
  readonly position: number
  readonly window: QuietWindow
  readonly actor: string
  readonly statedAt: number
  readonly withdrawn?: Withdrawn
}

/** What people stated in one round. */
export interface Statements {
  readonly registrations: readonly Site[]
  readonly devices: readonly { readonly device: string; readonly site: string }[]
  readonly settings: readonly SettingsChangeRow[]
  readonly notices: readonly NoticeRow[]
  readonly windows: readonly WindowRow[]
  readonly withdrawals: readonly WithdrawalRow[]
}

/** Writes what people stated. One row a statement: they are few. What is stated anew under the same name holds again. */
export async function putStatements(tx: Transaction, county: number, stated: Statements): Promise<void> {
  for (const site of stated.registrations)
    await tx.query(
      `insert into watch_registration (county, site, effective_at, document) values ($1, $2, $3, $4)
       on conflict (county, site, effective_at) do update set document = excluded.document`,
      [county, site.site, site.effectiveAt, JSON.stringify(site)],
    )
  for (const { device, site } of stated.devices)
    await tx.query(
      `insert into watch_device (county, device, site) values ($1, $2, $3)
       on conflict (county, device) do update set site = excluded.site`,
      [county, device, site],
    )
  for (const { position, change, actor, reason, statedAt } of stated.settings)
    await tx.query(
      `insert into rule_setting (county, position, rule, site, valid_from, setting_values, actor, reason, stated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        county,
        position,
        change.rule,
        change.site,
        change.from,
        JSON.stringify(change.values),
        actor,
        reason,
        statedAt,
      ],
    )
  for (const { position, notice, actor, statedAt } of stated.notices)
    await tx.query(
      `insert into delivery_notice (county, notice, position, site, expected_at, actor, stated_at, document)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (county, notice) do update set position = excluded.position, site = excluded.site,
         expected_at = excluded.expected_at, actor = excluded.actor, stated_at = excluded.stated_at, document = excluded.document,
         withdrawn = null`,
      [
        county,
        notice.notice,
        position,
        notice.site,
        notice.expectedAt,
        actor,
        statedAt,
        JSON.stringify(notice),
      ],
    )
  for (const { position, window, actor, statedAt } of stated.windows)
    await tx.query(
      `insert into quiet_window (county, quiet_window, position, site, to_at, actor, stated_at, document)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (county, quiet_window) do update set position = excluded.position, site = excluded.site, to_at = excluded.to_at,
         actor = excluded.actor, stated_at = excluded.stated_at, document = excluded.document, withdrawn = null`,
      [county, window.window, position, window.site, window.to, actor, statedAt, JSON.stringify(window)],
    )
  for (const row of stated.withdrawals) await putWithdrawal(tx, county, row)
}

/** Of two withdrawals the first holds. */
async function putWithdrawal(
  tx: Transaction,
  county: number,
  { withdrawal, withdrawn }: WithdrawalRow,
): Promise<void> {
  const [table, key] =
    withdrawal.of === 'notice' ? ['delivery_notice', 'notice'] : ['quiet_window', 'quiet_window']
  await tx.query(
    `update ${table} set withdrawn = $4
     where county = $1 and ${key} = $2 and site = $3 and withdrawn is null and position < $5`,
    [county, withdrawal.name, withdrawal.site, JSON.stringify(withdrawn), withdrawn.position],
  )
}

/** What rules remember of the log before a position. */
export interface RememberedRows {
  readonly position: number
  readonly logTime: number
  /** Rules that threw lately, and when. */
  readonly failing: readonly (readonly [string, number])[]
  readonly states: readonly StoredState[]
  readonly channels: readonly WatchChannelRow[]
}

/** Writes what rules remember: what changed of states and channels, and the clock they go by. */
export async function putRemembered(tx: Transaction, county: number, rows: RememberedRows): Promise<void> {
  for (let i = 0; i < rows.states.length; i += STATES_AT_ONCE)
    await putWatchStates(tx, county, rows.states.slice(i, i + STATES_AT_ONCE))
  await putWatchChannels(tx, county, rows.channels)
  await tx.query({
    name: 'watch-clock',
    text: `insert into watch_clock (county, log_time, failing, remembered_position) values ($1, $2, $3, $4)
      on conflict (county) do update set log_time = excluded.log_time, failing = excluded.failing,
        remembered_position = excluded.remembered_position`,
    values: [county, rows.logTime, JSON.stringify(rows.failing), rows.position],
  })
}

/** A few megabytes of JSON in one statement. */
const STATES_AT_ONCE = 5_000

/** Everything the watch keeps in memory. */
export interface WatchMemory {
  /** States, channels and clock are as they were before this position of the log. */
  readonly rememberedPosition: number
  readonly logTime: number
  readonly failing: readonly (readonly [string, number])[]
  readonly states: readonly StoredState[]
  readonly channels: readonly WatchChannelRow[]
  readonly registrations: readonly Site[]
  readonly devices: readonly { readonly device: string; readonly site: string }[]
  readonly settings: readonly SettingsChange[]
  /** As they hide alarms: what was withdrawn is cut short. */
  readonly windows: readonly QuietWindow[]
  readonly openAlarms: readonly Alarm[]
  /** Steps written so far of each open alarm. */
  readonly steps: readonly { readonly alarm: number; readonly steps: number }[]
  readonly lastAlarm: number
}

/** What people stated, over all time. */
export type WatchBooks = Pick<WatchMemory, 'registrations' | 'devices' | 'settings' | 'windows'>

/** Reads what people stated. */
export async function loadBooks(tx: Query, county: number): Promise<WatchBooks> {
  const rows = async <T extends object>(text: string): Promise<T[]> =>
    (await tx.query<T>(text, [county])).rows
  const registrations = await rows<{ document: Site }>(
    'select document from watch_registration where county = $1 order by site, effective_at',
  )
  const windows = await rows<{ document: QuietWindow; withdrawn: Withdrawn | null }>(
    'select document, withdrawn from quiet_window where county = $1 order by position',
  )
  return {
    registrations: registrations.map((row) => row.document),
    devices: await rows('select device, site from watch_device where county = $1'),
    settings: await rows(
      'select rule, site, valid_from as "from", setting_values as "values" from rule_setting where county = $1 order by position',
    ),
    windows: windows.map(({ document, withdrawn }) =>
      withdrawn ? cutShort(document, withdrawn.at) : document,
    ),
  }
}

/** Reads what the watch wrote; for a follower that starts. */
export async function loadWatch(tx: Query, county: number): Promise<WatchMemory> {
  const rows = async <T extends object>(text: string): Promise<T[]> =>
    (await tx.query<T>(text, [county])).rows
  const clock = await rows<{ log_time: number; failing: [string, number][]; remembered_position: number }>(
    'select log_time, failing, remembered_position from watch_clock where county = $1',
  )
  const last = await rows<{ last: number | null }>('select max(alarm) as last from alarm where county = $1')
  const open = await rows<{ document: Alarm }>(
    'select document from alarm where county = $1 and open order by alarm',
  )
  return {
    ...(await loadBooks(tx, county)),
    rememberedPosition: clock[0]?.remembered_position ?? 0,
    logTime: clock[0]?.log_time ?? 0,
    failing: clock[0]?.failing ?? [],
    states: await rows(
      'select rule, version, subject, state, wake_at as "wakeAt", verdict from watch_state where county = $1 order by rule, subject',
    ),
    channels: await rows('select device, channel, document from watch_channel where county = $1'),
    openAlarms: open.map((row) => row.document),
    steps: await rows(
      `select s.alarm, count(*)::int4 as steps from alarm_step s join alarm a using (county, alarm)
       where county = $1 and a.open group by s.alarm`,
    ),
    lastAlarm: last[0]?.last ?? 0,
  }
}

/** A stored alarm by its cause and the entry that raised it, with the number of its steps. */
export async function findAlarm(
  tx: Query,
  county: number,
  name: { readonly rule: string; readonly subject: string; readonly position: number },
): Promise<{ alarm: Alarm; steps: number } | undefined> {
  const { rows } = await tx.query<{ document: Alarm; steps: number }>(
    `select document, (select count(*)::int4 from alarm_step s where s.county = a.county and s.alarm = a.alarm) as steps
     from alarm a where county = $1 and rule = $2 and subject = $3 and opened_position = $4 order by alarm desc limit 1`,
    [county, name.rule, name.subject, name.position],
  )
  const row = rows[0]
  return row && { alarm: row.document, steps: row.steps }
}
