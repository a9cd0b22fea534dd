import { isMainThread, workerData } from 'node:worker_threads'
import { explainProblem, type Problem, ProblemError } from '@oiltrail/kernel'
import { runCommand } from './commands.ts'
import type { ThreadTask } from './thread.ts'
import { runThread } from './threads.ts'

/** Says on standard error what is wrong, in both languages, and what to do. */
function complain(error: unknown): void {
  if (error instanceof ProblemError) {
    const { problem } = error
    const zh = explainProblem(problem, 'zh')
    const en = explainProblem(problem, 'en')
    process.stderr.write(`oiltrail: ${placeOf(problem)}${problem.detail}\n`)
    process.stderr.write(`  ${zh.happened}:${zh.remedy}\n  ${en.happened}: ${en.remedy}\n`)
    return
  }
  process.stderr.write(
    `oiltrail: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
}

function placeOf(problem: Problem): string {
  return problem.where === undefined ? `${problem.code}: ` : `${problem.code} (${problem.where}): `
}

function run(): void {
  runCommand(process.argv.slice(2), process.env).then(
    (code) => {
      process.exitCode = code
    },
    (error: unknown) => {
      complain(error)
      process.exit(1)
    },
  )
}

// Threads of the bundled server start here too: a bundle is one file.
if (isMainThread) run()
else runThread(workerData as ThreadTask)
