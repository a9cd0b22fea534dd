import { GENESIS, type Range } from '@oiltrail/domain'
import { equalBytes, fromHex, ok, type Result, refuse, toHex } from '@oiltrail/kernel'
import { BATCH_LIMITS } from './batch.ts'
import type { VerifiedBatch } from './verify.ts'

/** A batch as the chain remembers it: the hash before its first record and after each, 32 bytes each. */
interface Link {
  readonly first: number
  readonly last: number
  readonly hashes: Uint8Array
}

const HASH_LENGTH = 32

/**
 * The chain of one channel as a set of batches shows it, in whatever order they come. Wherever two batches know the
 * hash of the same record they must agree; costs 32 bytes a record.
 */
export class ChainOfBatches {
  /** By `first`, ascending; batches may overlap. */
  private readonly links: Link[] = []

  /** Adds a batch. Refuses CHAIN_BROKEN (does not meet its neighbour), CHAIN_FORK (contradicts a record seen). */
  add(verified: VerifiedBatch): Result<true> {
    const { header, lines } = verified.batch
    const link: Link = {
      first: header.first,
      last: header.first + lines.length - 1,
      hashes: joined(verified),
    }
    if (link.first === 1 && header.before !== GENESIS)
      return refuse('CHAIN_BROKEN', 'the first record of a chain must follow 32 zero bytes', 'seq 1')
    let at = this.links.length
    while (at > 0 && this.links[at - 1]!.first > link.first) at--
    // A batch has at most 1,000 records, so only those that begin near this one can touch it.
    for (let i = at - 1; i >= 0 && this.links[i]!.first >= link.first - BATCH_LIMITS.records - 1; i--) {
      const met = meet(this.links[i]!, link)
      if (!met.ok) return met
    }
    for (let i = at; i < this.links.length && this.links[i]!.first <= link.last + 1; i++) {
      const met = meet(this.links[i]!, link)
      if (!met.ok) return met
    }
    this.links.splice(at, 0, link)
    return ok(true)
  }

  /** Runs of records without a hole, ascending. */
  runs(): Range[] {
    const runs: { first: number; last: number }[] = []
    for (const { first, last } of this.links) {
      const run = runs.at(-1)
      if (run && first <= run.last + 1) run.last = Math.max(run.last, last)
      else runs.push({ first, last })
    }
    return runs
  }
}

function joined({ batch, hashes }: VerifiedBatch): Uint8Array {
  const bytes = new Uint8Array((hashes.length + 1) * HASH_LENGTH)
  bytes.set(fromHex(batch.header.before)!)
  for (const [i, hash] of hashes.entries()) bytes.set(hash, (i + 1) * HASH_LENGTH)
  return bytes
}

function hashAt(link: Link, seq: number): Uint8Array {
  const at = (seq - link.first + 1) * HASH_LENGTH
  return link.hashes.subarray(at, at + HASH_LENGTH)
}

/** Compares two batches at the highest record whose hash both know; if they agree there, they agree below. */
function meet(a: Link, b: Link): Result<true> {
  const seq = Math.min(a.last, b.last)
  if (seq < Math.max(a.first, b.first) - 1 || equalBytes(hashAt(a, seq), hashAt(b, seq))) return ok(true)
  const overlap = seq >= Math.max(a.first, b.first)
  return refuse(
    overlap ? 'CHAIN_FORK' : 'CHAIN_BROKEN',
    `record ${seq} has hash ${toHex(hashAt(a, seq))} in one batch and ${toHex(hashAt(b, seq))} in another`,
    `seq ${seq}`,
  )
}
