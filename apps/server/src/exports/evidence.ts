import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { EvidenceWriter, type Manifest, Prover, parseCheckpoint, parseNote } from '@oiltrail/evidence'
import { platform, sha256 } from '@oiltrail/evidence/node'
import { ok, type Result, refuse } from '@oiltrail/kernel'
import { evidenceRole } from '@oiltrail/protocols/uplink'
import {
  listSiteEntries,
  readEntriesAt,
  readLatestCheckpoint,
  readTile,
  type Store,
  type Transaction,
} from '@oiltrail/store'

/** Entries read at once; a raw batch has at most 256 KiB, so memory stays below 16 MiB. */
const READ_ENTRIES = 64

/** Which evidence, and what an auditor wants to find in it. */
export interface EvidenceOrder {
  readonly county: number
  readonly countyCode: string
  readonly site: string
  /** Records made at or after `from` and before `to`, by the device's clock, epoch milliseconds; whenever they arrived. */
  readonly from: number
  readonly to: number
  /** Verifier keys of the log, for the manifest. */
  readonly vkeys: readonly string[]
  /** A signed checkpoint that somebody kept from earlier. */
  readonly older?: string
}

/** What was written. */
export interface EvidenceSummary {
  readonly keys: number
  readonly entries: number
  /** Size of the checkpoint to which all proofs lead. */
  readonly size: number
}

/**
 * Writes the evidence of a site and time span, line by line (docs/formats/evidence.md). Refuses NOT_FOUND when no record of
 * the span was received, CONFLICT when one of them is not sealed yet, INVALID_REQUEST for an older checkpoint of another
 * log; what was written before a refusal is to be thrown away. Only batches are read that may hold such a
 * record, so the time does not grow with the site's history; memory holds one number for each and the bytes of at most 64.
 */
export async function exportEvidence(
  store: Store,
  order: EvidenceOrder,
  write: (line: string) => Promise<void>,
): Promise<Result<EvidenceSummary>> {
  return store.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    await tx.query('set local statement_timeout = 0')
    return exportFrom(tx, order, write)
  })
}

async function exportFrom(
  tx: Transaction,
  order: EvidenceOrder,
  write: (line: string) => Promise<void>,
): Promise<Result<EvidenceSummary>> {
  const { county, countyCode, site, from, to } = order
  const span = { devicePrefix: `${countyCode}-${site}-`, from, to }
  const positions = await listSiteEntries(tx, county, span)
  if (positions.length === 0) return nothingMade(site)
  const checkpoint = await readLatestCheckpoint(tx, county)
  if (!checkpoint) return refuse('CONFLICT', 'the log has no checkpoint yet; one is signed every second')
  const prover = new Prover(sha256, ({ level, index }) => readTile(tx, county, level, index))
  const older = order.older === undefined ? undefined : await olderPart(prover, order.older, checkpoint.size)
  if (older && !older.ok) return older
  const stated = stateOf(checkpoint.note)
  if (!stated.ok) return stated
  const writer = new EvidenceWriter(platform)
  await write(
    writer.manifest({
      v: 1,
      type: 'oiltrail-evidence',
      county: countyCode,
      origin: stated.value.origin,
      site,
      from,
      to,
      checkpoint: checkpoint.note,
      vkeys: order.vkeys,
      ...(older ? { older: older.value } : {}),
    }),
  )
  const counts = { key: 0, entry: 0 }
  for (let at = 0; at < positions.length; at += READ_ENTRIES)
    for (const entry of await readEntriesAt(tx, county, positions.slice(at, at + READ_ENTRIES))) {
      const part = entry.desk ? 'key' : evidenceRole(entry.raw, order)
      if (part === 'none') continue
      if (entry.position >= checkpoint.size) {
        // A statement that no entry of the file needs may wait for its checkpoint; evidence may not.
        if (part === 'key') continue
        return refuse(
          'CONFLICT',
          `entry ${entry.position} is not sealed yet; a running platform signs a checkpoint every second`,
        )
      }
      const proof = await prover.inclusion(entry.position, checkpoint.size)
      if (!proof.ok) return proof
      counts[part]++
      await write(writer[part]({ ...entry, proof: proof.value }))
    }
  if (counts.entry === 0) return nothingMade(site)
  await write(writer.end())
  return ok({ keys: counts.key, entries: counts.entry, size: checkpoint.size })
}

function nothingMade(site: string): Result<never> {
  return refuse('NOT_FOUND', `no record that site ${site} made in this span was received`, 'site')
}

function stateOf(note: string): ReturnType<typeof parseCheckpoint> {
  const parsed = parseNote(note)
  return parsed.ok ? parseCheckpoint(parsed.value.text) : parsed
}

async function olderPart(
  prover: Prover,
  note: string,
  size: number,
): Promise<Result<NonNullable<Manifest['older']>>> {
  const stated = stateOf(note)
  if (!stated.ok) return refuse('INVALID_REQUEST', stated.problem.detail, 'older')
  if (stated.value.size > size)
    return refuse(
      'INVALID_REQUEST',
      `it covers ${stated.value.size} entries, this log has ${size}: a checkpoint of another log, or this log was cut or an older copy of its database put in its place`,
      'older',
    )
  const proof = await prover.consistency(stated.value.size, size)
  if (!proof.ok) return proof
  return ok({ checkpoint: note, proof: platform.encodeBase64(Buffer.concat(proof.value)) })
}

/** Writes an evidence file; it appears under its name only when it is complete. Never replaces a file. */
export async function exportEvidenceFile(
  store: Store,
  order: EvidenceOrder,
  file: string,
): Promise<Result<EvidenceSummary>> {
  // Takes the name first, so that nobody's file is overwritten by the rename at the end.
  const name = await open(file, 'wx')
  await name.close()
  const partial = `${file}.${randomBytes(4).toString('hex')}.part`
  let complete = false
  try {
    const handle = await open(partial, 'wx')
    let result: Result<EvidenceSummary>
    try {
      result = await exportEvidence(store, order, async (line) => {
        await handle.write(line)
      })
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (result.ok) await rename(partial, file)
    complete = result.ok
    return result
  } finally {
    if (!complete) await Promise.all([rm(partial, { force: true }), rm(file, { force: true })])
  }
}
