/** Wall clock against monotonic clock: how far somebody has set the wall clock since the last look. */
export class ClockWatch {
  private readonly wall: () => number
  private readonly steady: () => number
  private offset: number

  constructor(wall: () => number, steady: () => number) {
    this.wall = wall
    this.steady = steady
    this.offset = wall() - steady()
  }

  /** Milliseconds the wall clock was stepped (negative: back), or undefined while it runs true. */
  look(): number | undefined {
    const offset = this.wall() - this.steady()
    const steppedMs = Math.round(offset - this.offset)
    if (Math.abs(steppedMs) <= STEP_TOLERANCE_MS) {
      // Slow drift and the small slews of a time service are not steps.
      this.offset = offset
      return undefined
    }
    this.offset = offset
    return steppedMs
  }
}

/** Less than this a time service may correct in one go. */
export const STEP_TOLERANCE_MS = 2_000
