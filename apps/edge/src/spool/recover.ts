import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, ok, type Result, refuse } from '@oiltrail/kernel'
import type { StateMap } from './frame.ts'
import { RangeSet } from './ranges.ts'
import { type SegmentIndex, type SegmentScan, scanSegment, segmentFirst } from './segment.ts'

/** What a spool is told about itself when it is opened. */
export interface SpoolIdentity {
  readonly directory: string
  readonly device: string
  readonly channel: string
  readonly algorithm: string
}

/** A repair made while opening: the file, and what is gone. */
export interface Repair {
  readonly file: string
  /** Bytes cut off a torn tail. Such bytes were never acknowledged to anybody. */
  readonly tornBytes: number
  /** Durable records that can no longer be read: damage of the disk, left as a gap for ever. */
  readonly lostRecords: number
}

/** The state of a spool as its files tell it. */
export interface Recovered {
  readonly segments: SegmentIndex[]
  readonly nextSeq: number
  /** Chain hash of the newest record. */
  readonly head: Uint8Array
  readonly acked: RangeSet
  readonly lost: RangeSet
  readonly state: StateMap
  readonly repairs: readonly Repair[]
}

/**
 * Reads all segments of a spool. Changes nothing on disk: cutting the torn tail is the writer's first act.
 * Refuses SPOOL_CORRUPT when the files belong to another device, channel or hash, or when no head can be read at all.
 */
export async function recoverSpool(identity: SpoolIdentity): Promise<Result<Recovered>> {
  await mkdir(identity.directory, { recursive: true, mode: 0o700 })
  const names = (await readdir(identity.directory)).filter((name) => segmentFirst(name) !== undefined).sort()
  const fresh: Recovered = {
    segments: [],
    nextSeq: 1,
    head: new Uint8Array(32),
    acked: new RangeSet(),
    lost: new RangeSet(),
    state: {},
    repairs: [],
  }
  if (names.length === 0) return ok(fresh)
  const scans: SegmentScan[] = []
  for (const name of names) scans.push(await scanSegment(identity.directory, name))
  // A newest segment without a whole head was being created when the power went: nothing in it was ever acknowledged.
  const repairs: Repair[] = []
  while (
    scans.length > 0 &&
    scans.at(-1)!.head === undefined &&
    scans.at(-1)!.index.frameFirst.length === 0
  ) {
    const scan = scans.pop()!
    repairs.push({ file: scan.index.path, tornBytes: scan.tornBytes, lostRecords: 0 })
  }
  if (scans.length === 0) return ok({ ...fresh, repairs })
  return assemble(identity, scans, repairs)
}

function assemble(identity: SpoolIdentity, scans: SegmentScan[], repairs: Repair[]): Result<Recovered> {
  const acked = new RangeSet()
  const lost = new RangeSet()
  let state: StateMap = {}
  let head: Uint8Array | undefined
  for (const scan of scans) {
    const wrong = scan.head && foreign(identity, scan)
    if (wrong) return refuse('SPOOL_CORRUPT', wrong, scan.index.path)
    for (const [first, last] of scan.head?.acked ?? []) acked.add(first, last)
    for (const [first, last] of scan.acks) acked.add(first, last)
    for (const [first, last] of scan.lost) lost.add(first, last)
    state = { ...state, ...scan.head?.state, ...scan.state }
    head = scan.lastHash ?? (scan.head && fromHex(scan.head.before)) ?? head
  }
  if (!head) return refuse('SPOOL_CORRUPT', 'no segment has a readable head', identity.directory)
  // What lies before the oldest segment was deleted, and only receipts delete.
  acked.add(1, scans[0]!.index.first - 1)
  scans.forEach((scan, i) => {
    const end = scans[i + 1]?.index.first ?? scan.index.end
    for (const [first, last] of holes(acked, scan.index.end, end - 1)) lost.add(first, last)
    let lostRecords = Math.max(0, end - scan.index.end)
    for (const [first, last] of scan.lost) lostRecords += last - first + 1
    const tornBytes = i === scans.length - 1 ? scan.tornBytes : 0
    if (tornBytes > 0 || (lostRecords > 0 && !acked.covers(scan.index.end, end - 1)) || scan.lost.length > 0)
      repairs.push({ file: scan.index.path, tornBytes, lostRecords })
  })
  const segments = scans.map((scan) => scan.index)
  return ok({ segments, nextSeq: segments.at(-1)!.end, head, acked, lost, state, repairs })
}

/** The parts of a run that a set does not hold. */
export function holes(set: RangeSet, first: number, last: number): [number, number][] {
  const found: [number, number][] = []
  let at = set.firstMissing(first)
  while (at <= last) {
    const end = Math.min(last, (set.nextPresent(at) ?? last + 1) - 1)
    found.push([at, end])
    at = set.firstMissing(end + 1)
  }
  return found
}

function foreign(identity: SpoolIdentity, scan: SegmentScan): string | undefined {
  const head = scan.head!
  if (head.device !== identity.device || head.channel !== identity.channel)
    return `it belongs to ${head.device} ${head.channel}`
  // The key may rotate, the hash of the chain may not (docs/formats/uplink.md §1).
  if ((head.algorithm === 'SM2-SM3') !== (identity.algorithm === 'SM2-SM3'))
    return `its chain is hashed for ${head.algorithm}, the key is for ${identity.algorithm}`
  return undefined
}

/** Directory of a stream's spool below the data directory of the collector. */
export function spoolDirectory(directory: string, device: string, channel: string): string {
  return join(directory, 'spool', `${device}.${channel}`)
}
