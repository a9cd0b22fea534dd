import { RULE_FAILED, RULES, type Rule } from '@oiltrail/domain'
import {
  openStore,
  quoteIdentifier,
  readCursor,
  readEntries,
  type Store,
  type Transaction,
} from '@oiltrail/store'
import { compareTable, type DerivedTable, type TableComparison } from '../replay/compare.ts'
import { type Finding, Findings, readable } from '../replay/findings.ts'
import { readLogEnd } from '../replay/replay.ts'
import { soundEntries } from '../replay/sound.ts'
import { EditionHistory, type OtherEdition } from './editions.ts'
import { WatchFollower } from './follower.ts'

/** Every table of the watch. A migration that adds one adds a line. */
export const WATCH_TABLES: readonly DerivedTable[] = [
  { table: 'alarm', key: ['alarm'], tells: ['rule', 'subject', 'sentence_en'] },
  { table: 'alarm_step', key: ['alarm', 'step'], tells: ['what', 'actor', 'note'] },
  { table: 'watch_state', key: ['rule', 'subject'] },
  { table: 'watch_channel', key: ['device', 'channel'] },
  { table: 'watch_registration', key: ['site', 'effective_at'] },
  { table: 'watch_device', key: ['device'] },
  { table: 'rule_setting', key: ['position'], tells: ['rule', 'site', 'actor', 'reason'] },
  { table: 'delivery_notice', key: ['notice'] },
  { table: 'quiet_window', key: ['quiet_window'] },
  { table: 'watch_clock', key: ['remembered_position'] },
]

/** Entries of one round: larger than live rounds, since nobody waits for each. */
const ROUND = { entries: 5_000, bytes: 8 * 1024 * 1024 }

/** What a replay of the watch did and found. */
export interface WatchReplay {
  readonly entries: number
  readonly rebuildMs: number
  readonly tables: readonly TableComparison[]
  /** Rules and measures that another edition judged for a part of the log; what depends on them is not compared. */
  readonly others: readonly OtherEdition[]
  /** Ids of everything that is not compared for their sake, themselves among it. */
  readonly notCompared: readonly string[]
  readonly findingCount: number
  readonly findings: readonly Finding[]
}

/**
 * Raises all alarms of a county again from its log, into temporary tables, and compares every row with the live ones. May run
 * beside a working server: one snapshot, read-only. Alarms of rules that another edition judged, as the log states, and of
 * rules that depend on these, are left out and named. What cannot be read is a finding, not an error.
 */
export async function replayWatch(
  store: Pick<Store, 'url'>,
  county: number,
  rules: readonly Rule[] = RULES,
): Promise<WatchReplay> {
  // A connection of its own: a statement that another use prepared would still name the live tables.
  const own = openStore(store.url, {
    max: 1,
    statementTimeoutMs: 0,
    applicationName: 'oiltrail-replay-watch',
  })
  const tx = await own.pool.connect()
  const findings = new Findings()
  try {
    const report = await readable(findings, 'alarms', async () => {
      const live = (await tx.query<{ name: string }>('select current_schema() as name')).rows[0]!.name
      for (const { table } of WATCH_TABLES)
        await tx.query(
          `create temporary table ${quoteIdentifier(table)} (like ${quoteIdentifier(live)}.${quoteIdentifier(table)} including all)`,
        )
      await tx.query('begin isolation level repeatable read, read only')
      return rebuildAndCompare(tx, county, live, rules, findings)
    })
    const nothing = { entries: 0, rebuildMs: 0, tables: [], others: [], notCompared: [] }
    return { ...(report ?? nothing), findingCount: findings.count, findings: findings.list }
  } finally {
    // Closing the connection drops the temporary tables with it.
    tx.release(true)
    await own.close()
  }
}

async function rebuildAndCompare(
  tx: Transaction,
  county: number,
  live: string,
  rules: readonly Rule[],
  findings: Findings,
): Promise<Omit<WatchReplay, 'findings' | 'findingCount'>> {
  const history = new EditionHistory(rules)
  const began = performance.now()
  const entries = await rebuild(tx, county, live, rules, history, findings)
  const rebuildMs = performance.now() - began
  const notCompared = [...history.affected(rules)].sort()
  const tables: TableComparison[] = []
  for (const of of notCompared.length === 0 ? WATCH_TABLES : tablesWithout(notCompared))
    tables.push(await compareTable(tx, county, of, { live, rebuilt: 'pg_temp' }, findings))
  return { entries, rebuildMs, tables, others: history.others(), notCompared }
}

/**
 * The tables without what these ids made. Numbers of alarms are given in the order of raising, so that those of the others
 * shift with what is left out: they are compared by their names across replays instead.
 */
function tablesWithout(ids: readonly string[]): readonly DerivedTable[] {
  // Ids are of this build or came through the check of a statement: letters, digits and hyphens.
  const list = ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ')
  const kept = `a.rule not in (${list}) and (a.rule <> '${RULE_FAILED.id}' or a.subject not in (${list}))`
  const name = ['rule', 'subject', 'opened_position']
  const parts: Readonly<Record<string, Omit<DerivedTable, 'table'>>> = {
    alarm: {
      key: name,
      tells: ['sentence_en'],
      part: (schema) =>
        `(select county, rule, subject, site, grade, handling, active, open, suppressed, opened_at, opened_logged_at, opened_position,
            last_seen_at, count, shelved_until, sentence_zh, sentence_en,
            (document - 'alarm') #- '{suppressed,alarm}' as document
          from ${schema}.alarm a where ${kept})`,
    },
    alarm_step: {
      key: [...name, 'step'],
      tells: ['what', 'actor', 'note'],
      // A step without its alarm is nobody's: it stays among what is compared.
      part: (schema) =>
        `(select s.county, a.rule, a.subject, a.opened_position, s.step, s.position, s.at, s.what, s.actor,
            case when s.what = 'suppressed' then regexp_replace(s.note, '^alarm [0-9]+$', 'alarm') else s.note end as note
          from ${schema}.alarm_step s left join ${schema}.alarm a using (county, alarm)
          where a.rule is null or (${kept}))`,
    },
    watch_state: {
      key: ['rule', 'subject'],
      part: (schema) => `(select * from ${schema}.watch_state a where rule not in (${list}))`,
    },
  }
  return WATCH_TABLES.map((of) => ({ ...of, ...parts[of.table] }))
}

/** Runs the whole log. What rules remember is written where the live follower last wrote it, so that both can be compared. */
async function rebuild(
  tx: Transaction,
  county: number,
  live: string,
  rules: readonly Rule[],
  history: EditionHistory,
  findings: Findings,
): Promise<number> {
  const follower = new WatchFollower({ county, rememberEveryMs: Number.POSITIVE_INFINITY, rules })
  const end = Math.min(await readCursor(tx, county, follower.name), await readLogEnd(tx, county))
  const { rows } = await tx.query<{ position: number }>(
    `select remembered_position as position from ${quoteIdentifier(live)}.watch_clock where county = $1`,
    [county],
  )
  const remembered = rows[0]?.position ?? end
  await follower.begin(tx)
  let entries = 0
  for (let next = 0; next < end; ) {
    const until = next < remembered ? remembered : end
    const limits = { ...ROUND, entries: Math.min(ROUND.entries, until - next) }
    const round = await readEntries(tx, county, next, limits)
    const sound = soundEntries(round, findings)
    for (const entry of sound) history.take(entry)
    await follower.apply(tx, sound)
    next = round.length === 0 ? next + limits.entries : round.at(-1)!.position + 1
    entries += round.length
    if (next === remembered) await follower.remember(tx)
  }
  return entries
}
