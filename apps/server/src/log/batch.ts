import { isRecord, type RecordedFact, recordSchema, type Span } from '@oiltrail/domain'
import { suites } from '@oiltrail/evidence/node'
import { ProblemError, parseJsonBytes, toHex } from '@oiltrail/kernel'
import { type Batch, decodeBatch, recordTexts, walkChain } from '@oiltrail/protocols/uplink'
import type { BatchMemo, LogEntry } from './entry.ts'

/**
 * The content of an accepted batch: what intake remembered, or decoded again from the raw bytes. Throws `ProblemError`
 * when the raw bytes are not the batch that was once accepted, which means that somebody altered the database.
 */
export function readBatch(entry: LogEntry): BatchMemo {
  return entry.memo ?? decodeAccepted(entry.raw)
}

/** Decodes the raw bytes of a batch that was accepted before. Its signature is not checked again; `audit` does that. */
export function decodeAccepted(raw: Uint8Array): BatchMemo {
  const decoded = decodeBatch(raw)
  if (!decoded.ok) throw new ProblemError(decoded.problem)
  return memoOf(decoded.value)
}

/** The content of an accepted batch that was taken apart already. Throws `ProblemError` when a line is no record. */
export function memoOf(batch: Batch): BatchMemo {
  const records = parseRecords(batch, () => {
    throw new ProblemError({ code: 'MALFORMED', detail: 'a record of an accepted batch cannot be read' })
  })
  return { records, span: lazySpan(batch) }
}

/**
 * From the earliest to the latest time of a batch's records, by the device's clock; undefined when its last record announces a
 * key, since evidence of any span may need that.
 */
export function madeSpan(records: readonly RecordedFact[]): readonly [from: number, to: number] | undefined {
  if (records.at(-1)?.kind === 'key') return undefined
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { at } of records) {
    if (at < from) from = at
    if (at > to) to = at
  }
  return [from, to]
}

/** Why a line is no record: what could be parsed of it, and what the schema says of that. */
export interface RecordFault {
  readonly index: number
  readonly value: unknown
  readonly issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined
}

/**
 * The records of a batch, each as `recordSchema` wants it. Calls `refuse` with the first line that is none, and ends
 * with what that returns.
 */
export function parseRecords<T>(batch: Batch, refuse: (fault: RecordFault) => T): RecordedFact[] | T {
  const texts = recordTexts(batch)
  const records: RecordedFact[] = []
  for (const [index, line] of batch.lines.entries()) {
    const value = texts ? parseJson(texts[index]!) : parseJsonBytes(line)
    if (isRecord(value)) records.push(value)
    else {
      const parsed = recordSchema.safeParse(value)
      if (!parsed.success) return refuse({ index, value, issue: parsed.error.issues[0] })
      records.push(parsed.data)
    }
  }
  return records
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A span that walks the chain only when an inner hash is asked for: batches that simply follow never do. */
export function lazySpan(batch: Batch): Span {
  const { first, before } = batch.header
  const last = first + batch.lines.length - 1
  let hashes: readonly Uint8Array[] | undefined
  return {
    first,
    last,
    before,
    hashAt(seq) {
      if (seq === last) return batch.head
      hashes ??= walk(batch)
      return toHex(hashes[seq - first]!)
    },
  }
}

function walk(batch: Batch): readonly Uint8Array[] {
  const walked = walkChain(batch, suites[batch.header.alg])
  if (!walked.ok) throw new ProblemError(walked.problem)
  return walked.value
}
