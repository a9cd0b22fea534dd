/** Resolution of the wait; a tenth of the usual interval. */
const TICK_MS = 100

/**
 * Lets something through at once, and then at most once an interval for each key: the newest wins. So the first change
 * is seen immediately and a storm costs no more than its keys.
 */
export class Pace<T> {
  readonly #intervalMs: number
  readonly #emit: (values: T[]) => void
  readonly #last = new Map<string, number>()
  readonly #waiting = new Map<string, () => T>()
  #timer: NodeJS.Timeout | undefined

  /** `emit` gets all values that are due together. */
  constructor(intervalMs: number, emit: (values: T[]) => void) {
    this.#intervalMs = intervalMs
    this.#emit = emit
  }

  /** Values that may go at once are returned; the others are kept and emitted when their time has come. */
  offer(key: string, make: () => T): T | undefined {
    const now = performance.now()
    const last = this.#last.get(key)
    if (last === undefined || now - last >= this.#intervalMs) {
      this.#last.set(key, now)
      this.#waiting.delete(key)
      return make()
    }
    this.#waiting.set(key, make)
    this.#timer ??= setTimeout(() => this.#tick(), TICK_MS).unref()
    return undefined
  }

  /** Forgets what waits; for a server that stops. */
  close(): void {
    clearTimeout(this.#timer)
    this.#waiting.clear()
  }

  #tick(): void {
    this.#timer = undefined
    const now = performance.now()
    const due: T[] = []
    for (const [key, make] of this.#waiting)
      if (now - this.#last.get(key)! >= this.#intervalMs) {
        this.#last.set(key, now)
        this.#waiting.delete(key)
        due.push(make())
      }
    for (const [key, last] of this.#last)
      if (now - last > this.#intervalMs && !this.#waiting.has(key)) this.#last.delete(key)
    if (due.length > 0) this.#emit(due)
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#tick(), TICK_MS).unref()
  }
}
