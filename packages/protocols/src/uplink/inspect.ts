import {
  type EntryInspector,
  type Manifest,
  type Platform,
  type ProvedEntry,
  type Step,
  StepTally,
  type Words,
} from '@oiltrail/evidence'
import { ok, type Problem, parseJsonBytes, type Result, refuse } from '@oiltrail/kernel'
import { decodeDesk } from './desk.ts'
import { Keyring } from './keyring.ts'
import { isMadeIn } from './made.ts'
import { ChainOfBatches } from './spans.ts'
import { type VerifiedBatch, verifyBatch } from './verify.ts'

/** What an evidence file holds, counted from the verified records themselves. */
export interface ContentCounts {
  records: number
  batches: number
  /** Statements of the desk. */
  desk: number
  sales: number
  saleMillilitres: number
  loads: number
  loadMillilitres: number
}

/**
 * Looks into the entries of an evidence file: each batch's key, chain and signature, its leaf's claims, and that the
 * chains of each channel run on from batch to batch.
 */
export class UplinkInspector implements EntryInspector {
  readonly counts: ContentCounts = {
    records: 0,
    batches: 0,
    desk: 0,
    sales: 0,
    saleMillilitres: 0,
    loads: 0,
    loadMillilitres: 0,
  }
  private readonly platform: Platform
  private readonly keyring: Keyring
  private readonly chains = new Map<string, ChainOfBatches>()
  private readonly batches = new StepTally(
    'batches',
    '批次签名与批内哈希链',
    'Signatures of the batches and chains inside',
  )
  private readonly records = new StepTally('records', '记录序号', 'Sequence numbers of the records')
  private readonly chain = new StepTally('chain', '批次之间链条相接', 'Chains run on from batch to batch')
  private readonly statements = new StepTally('desk', '受理台条目', 'Statements of the desk')

  constructor(platform: Platform) {
    this.platform = platform
    this.keyring = new Keyring(platform)
  }

  inspect(entry: ProvedEntry, manifest: Manifest): Problem | undefined {
    if (entry.leaf.type === 'batch') return this.batch(entry, manifest)
    if (entry.leaf.type === 'desk') this.desk(entry)
    // Entry lines are batches; what the desk said stands in key lines.
    return entry.leaf.type === 'desk' && entry.part === 'key' ? undefined : NO_BATCH
  }

  steps(): readonly Step[] {
    return [this.statements, this.batches, this.records, this.chain].map((tally) => tally.step())
  }

  notes(): readonly Words[] {
    const notes: Words[] = []
    for (const [name, chain] of this.chains) {
      const runs = chain.runs()
      for (const [i, run] of runs.entries()) {
        const next = runs[i + 1]
        const [from, to] = [run.last + 1, (next?.first ?? 0) - 1]
        if (next)
          notes.push({
            zh: `${name}:缺第 ${from} 至 ${to} 号记录(本文件中没有,或尚未补传)`,
            en: `${name}: records ${from} to ${to} are missing (not in this file, or not yet back-filled)`,
          })
      }
      const [first, last] = [runs[0]?.first ?? 0, runs.at(-1)?.last ?? 0]
      notes.push({
        zh: `${name}:第 ${first} 至 ${last} 号记录,${runs.length === 1 ? '连续无缺' : `分 ${runs.length} 段`}`,
        en: `${name}: records ${first} to ${last}, ${runs.length === 1 ? 'without a hole' : `in ${runs.length} runs`}`,
      })
    }
    return notes
  }

  private desk(entry: ProvedEntry): void {
    const decoded = decodeDesk(entry.raw)
    const taken = decoded.ok ? this.keyring.desk(decoded.value, entry.position) : decoded
    if (!taken.ok) this.statements.fail(taken.problem, entry.line, entry.position)
    else this.statements.pass()
    this.counts.desk++
  }

  private batch(entry: ProvedEntry, manifest: Manifest): Problem | undefined {
    const { line, position } = entry
    const verified = this.verify(entry, manifest)
    if (!verified.ok) {
      this.batches.fail(verified.problem, line, position)
      return undefined
    }
    this.batches.pass()
    const seen = { inSpan: false, tellsKey: false }
    const read = this.readRecords(verified.value, entry, manifest, seen)
    if (read.ok) this.records.pass()
    else this.records.fail(read.problem, line, position)
    const { device, channel } = verified.value.batch.header
    // Batches from outside the span only tell keys; a hole between them and the span is no finding.
    if (entry.part === 'key') return seen.tellsKey || !read.ok ? undefined : NO_KEY
    const name = `${device} ${channel}`
    let chain = this.chains.get(name)
    if (!chain) {
      chain = new ChainOfBatches()
      this.chains.set(name, chain)
    }
    const met = chain.add(verified.value)
    if (met.ok) this.chain.pass()
    else this.chain.fail(met.problem, line, position)
    return seen.inSpan || !read.ok ? undefined : NOT_IN_SPAN
  }

  private verify(entry: ProvedEntry, manifest: Manifest): Result<VerifiedBatch> {
    const { leaf } = entry
    const last = typeof leaf.last === 'number' ? leaf.last : -1
    const verified = verifyBatch(
      entry.raw,
      (header) => this.keyring.find(header, last, entry.position),
      this.platform.suites,
    )
    if (!verified.ok) return verified
    const { header, lines } = verified.value.batch
    const claims =
      leaf.device === header.device &&
      leaf.channel === header.channel &&
      leaf.first === header.first &&
      last === header.first + lines.length - 1
    if (!claims)
      return refuse('EVIDENCE_INVALID', 'the leaf names another device, channel or range than the batch')
    if (
      header.county !== manifest.county ||
      !header.device.startsWith(`${manifest.county}-${manifest.site}-`)
    )
      return refuse('EVIDENCE_INVALID', `the batch is of ${header.device}, not of site ${manifest.site}`)
    return verified
  }

  /** Sequence numbers, announced keys, and the counts a person wants to see. */
  private readRecords(
    { batch }: VerifiedBatch,
    entry: ProvedEntry,
    manifest: Manifest,
    seen: { inSpan: boolean; tellsKey: boolean },
  ): Result<true> {
    let seq = batch.header.first
    const counted = entry.part === 'entry'
    if (counted) this.counts.batches++
    for (const [i, line] of batch.lines.entries()) {
      const record = parseJsonBytes(line) as Record<string, unknown> | null | undefined
      if (typeof record !== 'object' || record === null || record.seq !== seq)
        return refuse('MALFORMED', 'not the record of this sequence number', `seq ${seq}`)
      seen.inSpan ||= isMadeIn(record, manifest)
      if (record.kind === 'key') {
        seen.tellsKey = true
        if (i !== batch.lines.length - 1)
          return refuse('MALFORMED', 'a key record must be the last of its batch', `seq ${seq}`)
        const rotated = this.keyring.rotate(batch.header, seq, record, entry.position)
        if (!rotated.ok) return rotated
      }
      if (counted) this.count(record)
      seq++
    }
    return ok(true)
  }

  private count(record: Record<string, unknown>): void {
    this.counts.records++
    const volume = typeof record.volumeMillilitres === 'number' ? record.volumeMillilitres : 0
    if (record.kind === 'sale') {
      this.counts.sales++
      this.counts.saleMillilitres += volume
    }
    if (record.kind === 'load') {
      this.counts.loads++
      this.counts.loadMillilitres += volume
    }
  }
}

const NO_BATCH = refuse('EVIDENCE_INVALID', 'neither a batch nor a statement about keys').problem
const NO_KEY = refuse('EVIDENCE_INVALID', 'a key line whose batch does not end with a key record').problem
const NOT_IN_SPAN = refuse('EVIDENCE_INVALID', 'no record of the batch was made in the span').problem
