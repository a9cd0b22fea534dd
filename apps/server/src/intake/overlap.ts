import type { Channel } from '@oiltrail/kernel'
import { findRecords, readRaw, type Store } from '@oiltrail/store'
import { decodeAccepted } from '../log/batch.ts'

/** Raw batches that are looked at together: at most 16 MB. */
const TOGETHER = 64

/** A batch, or the end of one, that lies inside a run of records which is in the log already. */
export interface Overlap {
  readonly device: string
  readonly channel: Channel
  readonly first: number
  readonly last: number
  /** Its chain hash after record `last`, hex. */
  readonly head: string
}

/** What the log says of an overlap. */
export interface Recorded {
  /** Where its first record stands; undefined when the log does not hold it. */
  readonly position: number | undefined
  /** Whether the log's record `last` has the same hash, and with it all records before: it is the same history. */
  readonly same: boolean
}

/**
 * Looks overlaps up in the log. Admission remembers hashes only at the ends of a run, so that its memory does not grow with
 * the log; whether a batch inside a run is a harmless replay or another history must be read.
 */
export async function lookUp(
  store: Store,
  county: number,
  overlaps: readonly Overlap[],
): Promise<Recorded[]> {
  const answers: Recorded[] = []
  for (let i = 0; i < overlaps.length; i += TOGETHER)
    answers.push(...(await lookUpSome(store, county, overlaps.slice(i, i + TOGETHER))))
  return answers
}

async function lookUpSome(store: Store, county: number, overlaps: readonly Overlap[]): Promise<Recorded[]> {
  const name = ({ device, channel }: Overlap, seq: number) => ({ device, channel, seq })
  const places = await findRecords(store.pool, county, [
    ...overlaps.map((overlap) => name(overlap, overlap.first)),
    ...overlaps.map((overlap) => name(overlap, overlap.last)),
  ])
  const ends = places.slice(overlaps.length)
  const raws = await readRaw(
    store.pool,
    county,
    ends.filter((place) => place !== undefined),
  )
  return overlaps.map((overlap, i) => {
    const raw = ends[i] === undefined ? undefined : raws.get(ends[i])
    const same = raw !== undefined && decodeAccepted(raw).span.hashAt(overlap.last) === overlap.head
    return { position: places[i], same }
  })
}
