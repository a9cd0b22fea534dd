import {
  type EvidenceReport,
  keyIdText,
  type Manifest,
  type NoteKey,
  type Step,
  type Words,
} from '@oiltrail/evidence'
import { chinaTimestamp, explainProblem } from '@oiltrail/kernel'
import type { ContentCounts } from '@oiltrail/protocols/uplink'

/** Languages of the report. */
export type Language = 'zh' | 'en'

/** What a run found, ready to be told. */
export interface Findings {
  readonly file: string
  readonly report: EvidenceReport
  readonly counts: ContentCounts
  readonly vkeys: readonly NoteKey[]
  readonly elapsedSeconds: number
}

/** At most so many notes (gaps, runs) are printed; `--json` holds all of them. */
const NOTES_SHOWN = 40

function litres(millilitres: number): string {
  return (millilitres / 1000).toFixed(3)
}

/** What holds after this run, in sentences a court can read. Empty unless every step passed. */
export function proved({ report, counts }: Findings): Words[] {
  const { checkpoint, manifest } = report
  if (!report.ok || !checkpoint || !manifest) return []
  const entries = counts.batches + counts.desk
  const words: Words[] = [
    {
      zh: `文件中的 ${entries} 个条目(${counts.batches} 个批次、${counts.records} 条记录)逐字节包含在日志 ${checkpoint.origin} 的前 ${checkpoint.size} 个条目之中,其检查点签名有效。`,
      en: `The ${entries} entries of the file (${counts.batches} batches, ${counts.records} records) are, byte for byte, among the first ${checkpoint.size} entries of the log ${checkpoint.origin}, whose checkpoint is validly signed.`,
    },
  ]
  if (counts.batches > 0)
    words.push({
      zh: '每个批次由日志所载、当时有效的采集器密钥签名,批内记录未被增删改,相邻批次首尾相接。',
      en: 'Each batch is signed by a collector key that the log shows to be in force then; no record in it was changed, added or removed; neighbouring batches meet.',
    })
  if (report.olderSize !== undefined)
    words.push({
      zh: `日志的前 ${report.olderSize} 个条目与旧检查点完全一致:此后没有被改动、删除或插入。`,
      en: `The first ${report.olderSize} entries are exactly those of the older checkpoint: nothing was changed, removed or slipped in since.`,
    })
  return words
}

/** What this run does not show, whatever its outcome. */
export function notProved({ report }: Findings): Words[] {
  const words: Words[] = []
  if (report.trust === 'file')
    words.push({
      zh: '没有提供独立取得的验证公钥(--vkey):检查点只用文件自带的公钥核验,不能证明它出自该县平台。',
      en: 'No verifier key from an independent source was given (--vkey): the checkpoint was checked with the key in the file itself, which does not prove whose log it is.',
    })
  if (report.olderSize === undefined)
    words.push({
      zh: '没有与旧检查点比对(--older):不能证明整个日志没有被重新制作。',
      en: 'No older checkpoint was compared (--older): it is not shown that the whole log was not made anew.',
    })
  words.push(
    {
      zh: '文件可能没有列出该站点该时段的全部条目;序号连续只表明首尾之间没有遗漏。',
      en: 'The file may not list every entry of the site and span; consecutive numbers only show that nothing is left out between the first and the last.',
    },
    {
      zh: '记录时间取自采集器时钟,接收时间取自平台时钟;采集器接线与计量是否真实,须现场核查。',
      en: 'Times of records are by the clock of the collector, times of receipt by that of the platform; whether the wiring and metering at the site were honest must be inspected there.',
    },
  )
  return words
}

function stepLine(step: Step, language: Language): string[] {
  const zh = language === 'zh'
  const mark =
    step.failed > 0
      ? zh
        ? '不通过'
        : 'FAILED'
      : step.checked === 0
        ? zh
          ? '无内容'
          : 'none'
        : zh
          ? '通过'
          : 'ok'
  const lines = [`[${mark}] ${step.title[language]} · ${step.checked - step.failed}/${step.checked}`]
  const { first } = step
  if (!first) return lines
  const { happened, remedy } = explainProblem(first.problem, language)
  const place =
    first.position === undefined
      ? zh
        ? `第 ${first.line} 行`
        : `line ${first.line}`
      : zh
        ? `第 ${first.line} 行(日志位置 ${first.position})`
        : `line ${first.line} (log position ${first.position})`
  lines.push(
    zh
      ? `    首处:${place}:${happened}(${first.problem.code}:${first.problem.detail})。${remedy}。`
      : `    first: ${place}: ${happened} (${first.problem.code}: ${first.problem.detail}). ${remedy}.`,
  )
  return lines
}

function spanText(manifest: Manifest, language: Language): string {
  const [from, to] = [chinaTimestamp(manifest.from), chinaTimestamp(manifest.to)]
  return language === 'zh'
    ? `县 ${manifest.county} · 站点 ${manifest.site} · 记录时间 ${from} 至 ${to}(北京时间,采集器时钟)`
    : `county ${manifest.county} · site ${manifest.site} · records made from ${from} to ${to} (China time, clock of the collector)`
}

/** The report for a person, lines without line feeds. */
export function reportLines(findings: Findings, language: Language): string[] {
  const { report, counts } = findings
  const zh = language === 'zh'
  const title = zh ? '油踪 存证校验' : 'OilTrail evidence check'
  const lines = [`${title} · ${findings.file}`]
  if (report.manifest) lines.push(spanText(report.manifest, language))
  for (const key of findings.vkeys)
    lines.push(
      `${zh ? '审计方公钥' : 'key of the auditor'} ${key.name} ${keyIdText(key.keyId)} ${key.algorithm}`,
    )
  lines.push('', ...report.steps.flatMap((step) => stepLine(step, language)), '')
  const notes = report.notes.slice(0, NOTES_SHOWN).map((note) => `  ${note[language]}`)
  if (report.notes.length > NOTES_SHOWN) notes.push(zh ? '  ……其余见 --json' : '  … the rest with --json')
  lines.push(zh ? '内容' : 'Content', ...notes)
  lines.push(
    zh
      ? `  加油 ${counts.sales} 笔 ${litres(counts.saleMillilitres)} 升;装车 ${counts.loads} 批 ${litres(counts.loadMillilitres)} 升;受理台条目 ${counts.desk}`
      : `  ${counts.sales} sales of ${litres(counts.saleMillilitres)} L; ${counts.loads} loads of ${litres(counts.loadMillilitres)} L; desk entries ${counts.desk}`,
  )
  const holds = proved(findings)
  if (holds.length > 0)
    lines.push('', holdsTitle(findings, zh), ...holds.map((words) => `  ✓ ${words[language]}`))
  lines.push(
    '',
    zh ? '未证明' : 'Not proved',
    ...notProved(findings).map((words) => `  · ${words[language]}`),
  )
  lines.push('', verdict(findings, language))
  return lines
}

function holdsTitle({ report }: Findings, zh: boolean): string {
  if (report.trust === 'auditor') return zh ? '已证明' : 'Proved'
  return zh ? '若文件自带的公钥属实' : 'If the key in the file is the log’s own'
}

function verdict({ report, counts, elapsedSeconds }: Findings, language: Language): string {
  const zh = language === 'zh'
  if (!report.ok)
    return zh
      ? '结论:校验不通过。请保全该文件,以上面首处失败为准。'
      : 'Result: the evidence does NOT verify. Keep the file as it is; rely on the first failure above.'
  const seconds = elapsedSeconds.toFixed(2)
  if (report.trust === 'file')
    return zh
      ? `结论:文件自洽,但不能证明出自哪个日志(${counts.records} 条记录,${seconds} 秒)。请以独立取得的公钥(--vkey)再次校验。`
      : `Result: the file agrees with itself, but NOTHING shows whose log it is (${counts.records} records, ${seconds} s). Check again with --vkey, a key from an independent source.`
  return zh
    ? `结论:校验通过(${counts.records} 条记录,${seconds} 秒)`
    : `Result: the evidence verifies (${counts.records} records, ${seconds} s)`
}

/** The report for a program; one JSON object. */
export function reportJson(findings: Findings): Record<string, unknown> {
  const { report, counts, file, elapsedSeconds } = findings
  const { checkpoint, manifest } = report
  return {
    ok: report.ok && report.trust === 'auditor',
    /** Every step passed, with whatever key it was. */
    consistent: report.ok,
    file,
    trust: report.trust,
    county: manifest?.county,
    site: manifest?.site,
    from: manifest?.from,
    to: manifest?.to,
    origin: checkpoint?.origin,
    size: checkpoint?.size,
    olderSize: report.olderSize,
    steps: report.steps,
    counts,
    notes: report.notes,
    proved: proved(findings),
    notProved: notProved(findings),
    elapsedSeconds,
  }
}
