import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes, fromHex, ok, type Result, refuse, toHex } from '@oiltrail/kernel'
import { decodeFrame, findFrame, type HeadFrame } from './frame.ts'
import { segmentFirst } from './segment.ts'

/** What a check of a spool found. */
export interface SpoolReport {
  readonly device: string
  readonly channel: string
  readonly segments: number
  readonly records: number
  readonly first: number
  readonly last: number
  /** Chain hash of the newest record, hex. */
  readonly head: string
  /** Bytes behind the last whole frame of the newest segment; cut at the next start. */
  readonly tornBytes: number
  /** Runs that are not here any more, by receipt. */
  readonly deleted: readonly (readonly [number, number])[]
}

/**
 * Reads a spool without opening it for writing and computes every chain hash again.
 * Refuses SPOOL_CORRUPT at the first record whose hash is not that of its bytes, or at a damaged frame.
 */
export async function verifySpool(
  directory: string,
  hashFor: (algorithm: string) => ((...parts: readonly Uint8Array[]) => Uint8Array) | undefined,
): Promise<Result<SpoolReport>> {
  const names = (await readdir(directory)).filter((name) => segmentFirst(name) !== undefined).sort()
  let head: HeadFrame | undefined
  let previous: { seq: number; hash: Uint8Array } | undefined
  let records = 0
  let first = 0
  let tornBytes = 0
  const deleted: [number, number][] = []
  for (const [i, name] of names.entries()) {
    const bytes = await readFile(join(directory, name))
    let offset = 0
    while (offset < bytes.length) {
      const found = decodeFrame(bytes, offset)
      if (!found) {
        const newest = i === names.length - 1 && findFrame(bytes, offset + 1) < 0
        if (!newest)
          return refuse('SPOOL_CORRUPT', 'a damaged frame between whole ones', `${name} byte ${offset}`)
        tornBytes = bytes.length - offset
        break
      }
      offset = found.next
      const { frame } = found
      if (frame.type === 'head') {
        head = frame
        const before = fromHex(frame.before)
        if (!before) return refuse('SPOOL_CORRUPT', 'the head names no hash', name)
        if (previous && previous.seq === frame.first - 1 && !equalBytes(previous.hash, before))
          return refuse('SPOOL_CORRUPT', `the head does not follow record ${previous.seq}`, name)
        if (frame.first > (previous?.seq ?? 0) + 1) deleted.push([(previous?.seq ?? 0) + 1, frame.first - 1])
        previous = { seq: frame.first - 1, hash: before }
      }
      if (frame.type !== 'commit' || !head || !previous) continue
      const hash = hashFor(head.algorithm)
      if (!hash) return refuse('SPOOL_CORRUPT', `unknown algorithm ${head.algorithm}`, name)
      if (frame.first !== previous.seq + 1 || !equalBytes(frame.before, previous.hash))
        return refuse(
          'SPOOL_CORRUPT',
          `the frame of record ${frame.first} does not follow record ${previous.seq}`,
          name,
        )
      for (const record of frame.records) {
        const seq: number = previous.seq + 1
        if (!equalBytes(hash(previous.hash, record.line), record.hash))
          return refuse('SPOOL_CORRUPT', `record ${seq} does not have the hash it claims`, name)
        first ||= seq
        previous = { seq, hash: record.hash }
        records++
      }
    }
  }
  if (!head || !previous) return refuse('SPOOL_CORRUPT', 'no readable segment', directory)
  return ok({
    device: head.device,
    channel: head.channel,
    segments: names.length,
    records,
    first,
    last: previous.seq,
    head: toHex(previous.hash),
    tornBytes,
    deleted,
  })
}
