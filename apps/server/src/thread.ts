import { Worker } from 'node:worker_threads'

/** What a thread is for, and what it needs to know; `workerData` of the thread. Plain data. */
export interface ThreadTask {
  readonly role: string
}

/** Reads TypeScript where we are not bundled, that is in tests and measurements: a development dependency of the workspace. */
const SOURCE_LOADER = 'tsx/esm/api'

/** Starts a thread of the server. A bundle is one file and starts itself again (main.ts); source, on Node 20, needs a loader. */
export function startThread<Task extends ThreadTask>(task: Task): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL(import.meta.url), { workerData: task, argv: [] })
  const entry = new URL('./threadmain.ts', import.meta.url).href
  const start = `const { loader, entry } = require('node:worker_threads').workerData
    import(loader).then((tsx) => tsx.tsImport(entry, entry))`
  return new Worker(start, { eval: true, workerData: { ...task, loader: SOURCE_LOADER, entry } })
}
