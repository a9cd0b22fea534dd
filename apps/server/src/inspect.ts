import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultOrigin, encodeVkey, type NoteKey, parseVkey } from '@oiltrail/evidence'
import { sha256 } from '@oiltrail/evidence/node'
import { CHINA_OFFSET_MS, ProblemError, SITE_PATTERN } from '@oiltrail/kernel'
import type { Store } from '@oiltrail/store'
import { SERVE_OPTIONS, type ServeFlags, type ServerConfig } from './config.ts'
import { type EvidenceOrder, exportEvidenceFile } from './exports/evidence.ts'
import { audit } from './replay/audit.ts'
import type { TableComparison } from './replay/compare.ts'
import { describeFinding, type Finding, Findings } from './replay/findings.ts'
import { type ReplayReport, replay } from './replay/replay.ts'
import { type LogSigners, readLogSigners } from './seal/keys.ts'
import { replayWatch, type WatchReplay } from './watch/replay.ts'

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function printFindings(findings: readonly Finding[], count: number): void {
  // All that were kept: the row that matters to an auditor may be the last of them.
  for (const finding of findings) print(`  ${describeFinding(finding)}`)
  const more = count - findings.length
  if (more > 0) print(`  … ${more} more / 另有 ${more} 处`)
}

function printTables(tables: readonly TableComparison[]): void {
  for (const { table, liveRows, rebuiltRows, equal } of tables)
    print(`  ${equal ? 'equal  一致' : 'DIFFERS 不一致'}  ${table}  live ${liveRows}  rebuilt ${rebuiltRows}`)
}

function printReplay(report: ReplayReport): void {
  const seconds = report.rebuildMs / 1_000
  const rate = Math.round(report.records / Math.max(seconds, 0.001))
  print(
    `replayed ${report.entries} of ${report.head} entries, ${report.records} records in ${seconds.toFixed(1)} s (${rate}/s) / 已重放 ${report.entries} 个条目(共 ${report.head} 个)、${report.records} 条记录`,
  )
  printTables(report.tables)
}

function printWatch(report: WatchReplay): void {
  print(
    `raised alarms again from ${report.entries} entries in ${(report.rebuildMs / 1_000).toFixed(1)} s / 已由 ${report.entries} 个条目重新研判告警`,
  )
  printTables(report.tables)
  for (const { rule, from } of report.others)
    print(
      from === undefined
        ? `  rule ${rule}: this build's edition did not judge; its alarms are not compared / 规则 ${rule}:并非由本版规则研判,其告警未比对`
        : `  rule ${rule}: judged by another edition before position ${from}; its alarms are not compared / 规则 ${rule}:条目 ${from} 之前由另一版规则研判,其告警未比对`,
    )
  const named = new Set(report.others.map(({ rule }) => rule))
  const dependent = report.notCompared.filter((id) => !named.has(id))
  if (dependent.length > 0)
    print(
      `  nor those of rules that depend on them: ${dependent.join(', ')} / 受其影响的规则亦未比对:${dependent.join('、')}`,
    )
}

function allEqual(...reports: readonly { readonly tables: readonly TableComparison[] }[]): boolean {
  return reports.every(({ tables }) => tables.every((table) => table.equal))
}

/** `oiltrail replay`: exit code 0 when every row is what the log says, else 1. */
export async function runReplay(store: Store, config: ServerConfig): Promise<number> {
  const county = Number(config.countyCode)
  const views = await replay(store, county)
  printReplay(views)
  const watch = await replayWatch(store, county)
  printWatch(watch)
  // An entry that cannot be read is found by both, and is one finding.
  const findings = new Findings()
  findings.addAll(views.findings, views.findingCount)
  findings.addAll(watch.findings, watch.findingCount)
  printFindings(findings.list, findings.count)
  const same = findings.count === 0 && allEqual(views, watch)
  print(
    same
      ? 'views and alarms are what the log says / 视图与告警均与日志一致'
      : 'views and alarms are NOT what the log says / 视图或告警与日志不一致',
  )
  return same ? 0 : 1
}

function signersOf(config: ServerConfig): Promise<LogSigners> {
  return readLogSigners(join(config.data, 'keys'), config.origin ?? defaultOrigin(config.countyCode))
}

const TEXT = { type: 'string' } as const
const AUDIT_OPTIONS = { ...SERVE_OPTIONS, older: TEXT, vkey: { type: 'string', multiple: true } } as const

/** What `oiltrail audit` was asked: the flags of every command, and what an auditor brings along. */
export interface AuditOrder {
  readonly flags: ServeFlags
  /** File of a checkpoint that the auditor kept. */
  readonly older: string | undefined
  /** Files of verifier keys that the auditor took from elsewhere; none: those of the data folder. */
  readonly vkeys: readonly string[]
}

/** Reads the arguments of `oiltrail audit`. Throws CONFIG_INVALID. */
export function parseAudit(args: readonly string[]): AuditOrder {
  try {
    const { older, vkey = [], ...flags } = parseArgs({ args: [...args], options: AUDIT_OPTIONS }).values
    return { flags, older, vkeys: vkey }
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error))
  }
}

/** The keys in a file, one a line. */
async function readVkeys(file: string): Promise<NoteKey[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '')
  const keys = lines.map((line) => parseVkey(sha256, line.trim()))
  return (keys.length === 0 ? [parseVkey(sha256, '')] : keys).map((key) => {
    if (key.ok) return key.value
    throw invalid(`${file} does not hold a verifier key / 不是验证公钥: ${key.problem.detail}`)
  })
}

/** `oiltrail audit`: exit code 0 when nothing was tampered with, else 1. */
export async function runAudit(store: Store, config: ServerConfig, asked: AuditOrder): Promise<number> {
  const own = asked.vkeys.length > 0 ? undefined : await signersOf(config)
  const vkeys = own ? [own.ed25519.key, own.sm2.key] : (await Promise.all(asked.vkeys.map(readVkeys))).flat()
  const older = asked.older === undefined ? undefined : await readFile(asked.older, 'utf8')
  const report = await audit(store, Number(config.countyCode), {
    vkeys,
    ...(older === undefined ? {} : { older }),
  })
  const { entries, batches, seal } = report
  print(
    `checked ${entries} entries, ${batches} signed batches, ${seal.sealed} sealed leaves, ${seal.tiles} tiles, ${seal.checkpoints} checkpoints, the newest of ${seal.signed} entries / 已核对 ${entries} 个条目、${batches} 个签名批次、${seal.checkpoints} 个检查点,最新检查点含 ${seal.signed} 个条目`,
  )
  if (older === undefined)
    print(
      '  not compared with a checkpoint kept outside (--older): a log made anew as a whole would not show / 未与外部留存的检查点比对(--older):整个日志若被重做,本次看不出来',
    )
  printReplay(report.views)
  printWatch(report.watch)
  if (report.lives > 0)
    print(
      `  of their ${report.lives} alarms only form, numbers, steps, evidence and what people did were checked / 上述 ${report.lives} 条告警仅核对了格式、编号、步骤、证据与处置记录`,
    )
  printFindings(report.findings, report.findingCount)
  const clean = report.findingCount === 0 && allEqual(report.views, report.watch)
  print(
    clean
      ? 'nothing was tampered with / 未发现改动'
      : `${report.findingCount} findings / 发现 ${report.findingCount} 处改动`,
  )
  return clean ? 0 : 1
}

const EXPORT_OPTIONS = { ...SERVE_OPTIONS, site: TEXT, from: TEXT, to: TEXT, older: TEXT } as const

/** What `oiltrail export` was asked: the flags of every command, and its own. */
export interface ExportOrder {
  readonly flags: ServeFlags
  readonly file: string
  readonly site: string
  readonly from: number
  readonly to: number
  readonly older: string | undefined
}

/** Reads the arguments of `oiltrail export`. Throws CONFIG_INVALID. */
export function parseExport(args: readonly string[]): ExportOrder {
  let parsed: ReturnType<typeof parseExportArgs>
  try {
    parsed = parseExportArgs(args)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error))
  }
  const { site = '', from = '', to = '', older, ...flags } = parsed.values
  const [file, ...rest] = parsed.positionals
  if (file === undefined || rest.length > 0) throw invalid('one FILE is needed / 需要一个文件名')
  if (!SITE_PATTERN.test(site)) throw invalid('--site is the code of a site / --site 应为站点编号')
  const order = { flags, file, site, from: momentOf(from, '--from'), to: momentOf(to, '--to'), older }
  if (order.from >= order.to) throw invalid('--from must lie before --to / --from 应早于 --to')
  return order
}

function parseExportArgs(args: readonly string[]) {
  return parseArgs({ args: [...args], options: EXPORT_OPTIONS, allowPositionals: true })
}

function invalid(detail: string): ProblemError {
  return new ProblemError({ code: 'CONFIG_INVALID', detail })
}

const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?$/

/**
 * Epoch milliseconds, or ISO 8601: `2026-11-23`, `2026-11-23 14:05`, `2026-11-23T14:05:30.250+08:00`, `…Z`. Without a zone
 * it is China time. A day or hour that no calendar has is refused rather than carried over.
 */
function momentOf(text: string, flag: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text)
  const wrong = (): ProblemError =>
    invalid(
      `${flag} reads 2026-11-23, 2026-11-23 14:05, 2026-11-23T14:05:30+08:00 or epoch milliseconds / ${flag} 格式应如 2026-11-23`,
    )
  const match = MOMENT.exec(text)
  if (!match) throw wrong()
  const [year, month, day, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const utc = Date.UTC(year!, month! - 1, day, hour, minute, second)
  const written = [year, month, day, hour, minute, second]
  const read = new Date(utc).toISOString().slice(0, 19).split(/[-T:]/)
  if (read.some((part, i) => Number(part) !== written[i])) throw wrong()
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0'))
  return utc + milliseconds - zoneOffset(match[8])
}

/** Milliseconds that a zone is ahead of UTC: `Z`, `+08:00`, `-0330`; China's when none is given. */
function zoneOffset(zone: string | undefined): number {
  if (zone === undefined) return CHINA_OFFSET_MS
  if (zone === 'Z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** `oiltrail export`: exit code 0 when the file is written, else 1. */
export async function runExport(store: Store, config: ServerConfig, asked: ExportOrder): Promise<number> {
  const signers = await signersOf(config)
  const older = asked.older === undefined ? undefined : await readFile(asked.older, 'utf8')
  const order: EvidenceOrder = {
    county: Number(config.countyCode),
    countyCode: config.countyCode,
    site: asked.site,
    from: asked.from,
    to: asked.to,
    vkeys: [encodeVkey(signers.ed25519.key), encodeVkey(signers.sm2.key)],
    ...(older === undefined ? {} : { older }),
  }
  const result = await exportEvidenceFile(store, order, asked.file)
  if (!result.ok) throw new ProblemError(result.problem)
  const { keys, entries, size } = result.value
  process.stderr.write(
    `${entries} entries and ${keys} key statements, proved against a checkpoint of ${size} / 已导出 ${entries} 个条目:${asked.file}\n`,
  )
  return 0
}
