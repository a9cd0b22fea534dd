import { sha256 } from '@oiltrail/evidence/node'
import { asciiText, equalBytes, isChannel, ProblemError, parseJsonBytes, toHex } from '@oiltrail/kernel'
import { type DeskEntry, decodeBatch, decodeDesk, encodeLeaf, type Leaf } from '@oiltrail/protocols/uplink'
import type { LogRow } from '@oiltrail/store'
import { peekClaim, REFUSAL_RAW_LIMIT } from '../intake/draft.ts'
import { memoOf } from '../log/batch.ts'
import type { BatchMemo, LogEntry } from '../log/entry.ts'
import type { Findings } from './findings.ts'

/** What an entry says, once its columns, its leaf and its bytes are found to agree. */
export type Content =
  | { readonly type: 'batch'; readonly memo: BatchMemo }
  | { readonly type: 'desk'; readonly desk: DeskEntry }
  | { readonly type: 'refusal' }

/** Characters of a leaf that a finding quotes. */
const QUOTED = 400

/**
 * Reads an entry as far as it can be judged by itself: its columns and bytes against its leaf, and its bytes against its
 * columns. Returns why it cannot be what was logged, as a text. Says nothing of signatures, chains and seal.
 */
export function contentOf(entry: LogRow): Content | string {
  const expected = encodeLeaf(leafOf(entry))
  if (!equalBytes(expected, entry.leaf))
    return `its leaf says ${asciiText(entry.leaf).slice(0, QUOTED)}, its row says ${asciiText(expected)}`
  if (entry.type === 'batch') return batchContent(entry)
  if (entry.type === 'desk') return deskContent(entry)
  return refusalFault(entry) ?? { type: 'refusal' }
}

/** The leaf that a row's columns and bytes make. */
function leafOf(entry: LogRow): Leaf {
  const { receivedAt } = entry
  const raw = toHex(sha256(entry.raw))
  const all = { v: 1, county: String(entry.county).padStart(6, '0') } as const
  if (entry.type === 'refusal')
    return { v: 1, type: 'refusal', county: all.county, receivedAt, code: entry.code ?? '', raw }
  if (entry.type === 'desk')
    return { v: 1, type: 'desk', county: all.county, receivedAt, action: entry.code ?? '', raw }
  return {
    v: 1,
    type: 'batch',
    county: all.county,
    receivedAt,
    device: entry.device ?? '',
    channel: entry.channel ?? '',
    first: entry.firstSeq ?? -1,
    last: entry.lastSeq ?? -1,
    raw,
  }
}

function batchContent(entry: LogRow): Content | string {
  if (entry.code !== undefined) return `an accepted batch has no code, its row says ${entry.code}`
  const decoded = decodeBatch(entry.raw)
  if (!decoded.ok) return `${decoded.problem.code}: ${decoded.problem.detail}`
  const { header, lines } = decoded.value
  if (
    header.device !== entry.device ||
    header.channel !== entry.channel ||
    header.first !== entry.firstSeq ||
    header.first + lines.length - 1 !== entry.lastSeq
  )
    return `the batch is of ${header.device} ${header.channel} from record ${header.first}, ${lines.length} records`
  try {
    const memo = memoOf(decoded.value)
    const stray = memo.records.find((record, i) => record.seq !== header.first + i)
    return stray ? `it holds record ${stray.seq} out of its place` : { type: 'batch', memo }
  } catch (error) {
    if (error instanceof ProblemError) return `${error.problem.code}: ${error.problem.detail}`
    throw error
  }
}

function deskContent(entry: LogRow): Content | string {
  const decoded = decodeDesk(entry.raw)
  if (!decoded.ok) return `${decoded.problem.code}: ${decoded.problem.detail}`
  const desk = decoded.value
  const named = 'device' in desk ? desk.device : undefined
  if (desk.action !== entry.code || named !== entry.device)
    return `the statement is ${desk.action} ${String(named ?? '')}, the row says ${entry.code} ${entry.device ?? ''}`
  if (entry.channel !== undefined || entry.firstSeq !== undefined || entry.lastSeq !== undefined)
    return 'a statement has no channel and no records'
  if (desk.action === 'device-enrolled' && !isEnrolment(desk)) return 'MALFORMED: an enrolment without keys'
  return { type: 'desk', desk }
}

/** The log may hold anything that somebody put there. */
function isEnrolment(desk: Extract<DeskEntry, { action: 'device-enrolled' }>): boolean {
  const { site, at, keys } = desk as { readonly [K in keyof typeof desk]: unknown }
  return (
    typeof site === 'string' &&
    Number.isSafeInteger(at) &&
    Array.isArray(keys) &&
    keys.every(
      (key: Record<string, unknown> | null) =>
        isChannel(key?.channel) && typeof key.algorithm === 'string' && typeof key.publicKey === 'string',
    )
  )
}

/** The columns of a refusal repeat what its sender claimed, if that could be read and was kept whole. */
function refusalFault(entry: LogRow): string | undefined {
  if (entry.raw.length >= REFUSAL_RAW_LIMIT) return undefined
  const claim = peekClaim(entry.raw)
  const object = parseJsonBytes(entry.raw) as { enrol?: unknown; connect?: unknown } | null | undefined
  const devices = [claim.device, object?.enrol, object?.connect]
  const agrees = devices.includes(entry.device ?? '') || (entry.device === undefined && claim.device === '')
  const range =
    (entry.channel ?? '') === claim.channel &&
    (entry.firstSeq ?? 0) === claim.first &&
    (entry.lastSeq ?? 0) === claim.last
  if (agrees && range) return undefined
  const { device, channel, firstSeq, lastSeq } = entry
  return `its sender claimed ${claim.device} ${claim.channel} ${claim.first} to ${claim.last}, its row says ${[device, channel, firstSeq, 'to', lastSeq].join(' ')}`
}

/**
 * Entries from which views can be made, with their content decoded. Others are left out and named, as if they were
 * missing: one altered row must not hide what was done to the rest.
 */
export function soundEntries(entries: readonly LogRow[], findings: Findings): LogEntry[] {
  const sound: LogEntry[] = []
  for (const entry of entries) {
    const content = contentOf(entry)
    if (typeof content === 'string')
      findings.add('altered', 'log_entry', `position ${entry.position}`, content)
    else sound.push(content.type === 'batch' ? { ...entry, memo: content.memo } : entry)
  }
  return sound
}
