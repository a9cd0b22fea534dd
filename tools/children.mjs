// Programs that we run, and how everything ends at a signal. Plain JavaScript: it works before anything is installed.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** What is told to end gets this long, then it is killed; a start that was broken off must be gone within ten seconds. */
const GRACE_MS = 4_000
/** How often a program looks whether the one that started it still lives. */
const PARENT_POLL_MS = 500

/** Child → whether it leads a group of its own. */
const running = new Map()
let armed = false
let ending = false

/**
 * Runs a program to its end; rejects when it cannot be run or fails. Not through a shell: nothing stands between it and a signal,
 * and no path needs quotes. With `grouped`, Ctrl-C reaches only us, and whatever the program started ends with it.
 */
export function run(program, args, { grouped = false, ...options } = {}) {
  return new Promise((done, failed) => {
    const detached = grouped && process.platform !== 'win32'
    const child = spawn(program, args, { stdio: ['ignore', 2, 2], detached, ...options })
    running.set(child, detached)
    child.once('error', (error) => {
      running.delete(child)
      failed(error)
    })
    child.once('exit', (code, signal) => {
      running.delete(child)
      // Whoever ended us has the last word.
      if (ending) return
      if (code === 0) done()
      else failed(new Error(`${[program, ...args].join(' ')} ended with ${code ?? signal}`))
    })
  })
}

/**
 * From here on SIGINT and SIGTERM end what runs, then us: with 0 where stopping is how it is meant to end, else with the shell's
 * number for the signal. Whoever listens later takes over, since it has more to put in order.
 */
export function endAtSignal({ clean }) {
  if (armed) return
  armed = true
  for (const name of ['SIGINT', 'SIGTERM'])
    process.on(name, () => {
      if (process.listenerCount(name) === 1) void end(clean ? 0 : 128 + constants.signals[name])
    })
}

async function end(code) {
  if (ending) return
  ending = true
  await Promise.all([...running].map(([child, leads]) => endOne(child, leads)))
  process.exit(code)
}

function endOne(child, leads) {
  return new Promise((gone) => {
    const kill = setTimeout(() => signal(child, leads, 'SIGKILL'), GRACE_MS)
    child.once('exit', () => {
      clearTimeout(kill)
      // It may have gone before what it started.
      if (leads) signal(child, leads, 'SIGKILL')
      gone()
    })
    signal(child, leads, 'SIGTERM')
  })
}

function signal(child, leads, name) {
  try {
    process.kill(leads ? -child.pid : child.pid, name)
  } catch {
    // Already gone.
  }
}

/**
 * Ends this program, as SIGTERM would, once the one that started it is gone: killed outright, npm or a demo can tell nobody, and
 * the next start would find ports and database taken. Windows never gives a process another parent: there this does nothing.
 */
export function endWithParent() {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_POLL_MS)
  timer.unref()
}
