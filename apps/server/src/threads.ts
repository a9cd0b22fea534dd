import { runVerifier, VERIFIER_ROLE } from './intake/verifier.ts'
import type { ThreadTask } from './thread.ts'
import { runWatch, WATCH_ROLE, type WatchTask } from './watch/threadside.ts'

/** What threads of the server do, by their role. */
const ROLES: Readonly<Record<string, (task: ThreadTask) => void>> = {
  [VERIFIER_ROLE]: () => runVerifier(),
  [WATCH_ROLE]: (task) => runWatch(task as WatchTask),
}

/** The life of a thread. */
export function runThread(task: ThreadTask): void {
  ROLES[task.role]?.(task)
}
