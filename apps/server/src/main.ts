import { isMainThread, workerData } from 'node:worker_threads'
import { runCommand } from './commands.ts'
import { tellFailure } from './failures.ts'
import type { ThreadTask } from './thread.ts'
import { runThread } from './threads.ts'

function run(): void {
  runCommand(process.argv.slice(2), process.env).then(
    (code) => {
      process.exitCode = code
    },
    (error: unknown) => {
      const { lines, code } = tellFailure(error)
      process.stderr.write(`${lines.join('\n')}\n`)
      process.exit(code)
    },
  )
}

// Threads of the bundled server start here too: a bundle is one file.
if (isMainThread) run()
else runThread(workerData as ThreadTask)
