import { setFlagsFromString } from 'node:v8'

/**
 * Lets the process keep the memory it once needed. When little happens, V8 shrinks its heap by several whole collections in a
 * row, some 10 ms each, and batches that come meanwhile wait: half of the slowest receipts were these. For all threads.
 */
export function keepHeap(): void {
  setFlagsFromString('--no-memory-reducer')
}
