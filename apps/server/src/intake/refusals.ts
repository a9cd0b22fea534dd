import type { Problem, ProblemCode } from '@oiltrail/kernel'

/** A refusal of one source is stored at once this many times … */
const SOURCE_BURST = 30
/** … and then once in this time. */
const SOURCE_REFILL_MS = 60_000
/** The same for all sources together: at 64 KiB each a flood writes at most 600 MB a day. */
const TOTAL_BURST = 300
const TOTAL_REFILL_MS = 10_000
/** Sources watched one by one; more share one bucket. */
const WATCHED_SOURCES = 4_096
/** A summary of what was not stored, once in this time. */
const SUMMARY_MS = 60_000
/** Quiet sources are looked for at most once in this time, because it means a walk over all of them. */
const FORGET_MS = 1_000
/** Sources a summary names. */
const NAMED_SOURCES = 20

interface Bucket {
  tokens: number
  filledAt: number
}

/** What a summary entry says: raw bytes of a refusal with code TOO_MANY_REQUESTS; docs/formats/log.md §1. */
export interface RefusalSummary {
  readonly v: 1
  readonly suppressed: number
  readonly byCode: Readonly<Record<string, number>>
  /** The noisiest sources, and how many refusals of each were not stored. */
  readonly bySource: readonly { readonly source: string; readonly count: number }[]
  readonly from: number
  readonly to: number
}

/**
 * Decides which refusals are stored one by one. Every sender gets its answer; but a flood of rubbish must not fill the
 * disk, so beyond a rate refusals are counted, and the counts are stored.
 */
export class RefusalMeter {
  private readonly sources = new Map<string, Bucket>()
  private readonly shared: Bucket = { tokens: SOURCE_BURST, filledAt: 0 }
  private readonly total: Bucket = { tokens: TOTAL_BURST, filledAt: 0 }
  private suppressed = 0
  private readonly byCode = new Map<ProblemCode, number>()
  private readonly bySource = new Map<string, number>()
  private since = 0
  private forgotAt = 0

  /** Whether to store this refusal; otherwise it is counted. */
  admit(source: string, problem: Problem, now: number): boolean {
    const bucket = this.bucketOf(source, now)
    fill(bucket, now, SOURCE_BURST, SOURCE_REFILL_MS)
    fill(this.total, now, TOTAL_BURST, TOTAL_REFILL_MS)
    if (bucket.tokens >= 1 && this.total.tokens >= 1) {
      bucket.tokens--
      this.total.tokens--
      return true
    }
    if (this.suppressed === 0) this.since = now
    this.suppressed++
    this.byCode.set(problem.code, (this.byCode.get(problem.code) ?? 0) + 1)
    const known = this.bySource.get(source)
    if (known !== undefined || this.bySource.size < WATCHED_SOURCES)
      this.bySource.set(source, (known ?? 0) + 1)
    return false
  }

  /** The counts, once a minute when there are any; they start again from zero. */
  takeSummary(now: number, always = false): RefusalSummary | undefined {
    if (this.suppressed === 0 || (!always && now - this.since < SUMMARY_MS)) return undefined
    const noisiest = [...this.bySource].sort((a, b) => b[1] - a[1]).slice(0, NAMED_SOURCES)
    const summary: RefusalSummary = {
      v: 1,
      suppressed: this.suppressed,
      byCode: Object.fromEntries(this.byCode),
      bySource: noisiest.map(([source, count]) => ({ source, count })),
      from: this.since,
      to: now,
    }
    this.suppressed = 0
    this.byCode.clear()
    this.bySource.clear()
    return summary
  }

  private bucketOf(source: string, now: number): Bucket {
    const known = this.sources.get(source)
    if (known) return known
    if (this.sources.size >= WATCHED_SOURCES) this.forgetQuiet(now)
    if (this.sources.size >= WATCHED_SOURCES) return this.shared
    const bucket = { tokens: SOURCE_BURST, filledAt: now }
    this.sources.set(source, bucket)
    return bucket
  }

  /** Forgets sources whose buckets are full again by now: to them nothing changes. */
  private forgetQuiet(now: number): void {
    if (now - this.forgotAt < FORGET_MS) return
    this.forgotAt = now
    for (const [source, bucket] of this.sources) {
      fill(bucket, now, SOURCE_BURST, SOURCE_REFILL_MS)
      if (bucket.tokens >= SOURCE_BURST) this.sources.delete(source)
    }
  }
}

function fill(bucket: Bucket, now: number, burst: number, refillMs: number): void {
  if (bucket.filledAt === 0) bucket.filledAt = now
  const tokens = Math.floor((now - bucket.filledAt) / refillMs)
  if (tokens <= 0) return
  bucket.tokens = Math.min(burst, bucket.tokens + tokens)
  bucket.filledAt += tokens * refillMs
}
