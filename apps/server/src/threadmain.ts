import { workerData } from 'node:worker_threads'
import type { ThreadTask } from './thread.ts'
import { runThread } from './threads.ts'

// Entry of a thread when the server runs from source; a bundle starts itself again instead (see main.ts).
runThread(workerData as ThreadTask)
