/**
 * Lets one task a key run at a time, first come first served: who decides by what stands there must not be overtaken between
 * looking and writing. Keys that nobody waits for cost nothing.
 */
export class Turns<K> {
  readonly #last = new Map<K, Promise<unknown>>()

  /** Runs the task when those of the same key that came before have ended, however they ended. */
  take<T>(key: K, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const turn = before.then(task, task)
    this.#last.set(key, turn)
    const leave = (): void => {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    turn.then(leave, leave)
    return turn
  }
}
