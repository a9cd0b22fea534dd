/** Figures of a follower for `/metrics` and `/readyz`. */
export interface FollowFigures {
  rounds: number
  entries: number
  failures: number
  /** Milliseconds spent in rounds, waiting for the database included. */
  busyMs: number
  /** What went wrong last; undefined once a round succeeded again. */
  failing: string | undefined
}

/** Who follows the log, as others see it: a loop of this thread, or one of another. */
export interface Following {
  readonly name: string
  /** Next position, as last committed. */
  readonly position: number
  readonly figures: FollowFigures
  /** Resolves when everything before a position has been followed and committed. */
  reached(position: number): Promise<void>
  /** Ends after the round in work. */
  stop(): Promise<void>
}

/** Who waits for a follower to come to a position. */
export class Awaited {
  readonly #waiting = new Set<{ readonly position: number; readonly reached: () => void }>()

  until(position: number): Promise<void> {
    return new Promise((reached) => this.#waiting.add({ position, reached }))
  }

  /** Everything before `position` is committed. */
  tell(position: number): void {
    for (const wait of this.#waiting)
      if (wait.position <= position) {
        this.#waiting.delete(wait)
        wait.reached()
      }
  }
}
