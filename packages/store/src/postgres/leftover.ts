import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Place } from './place.ts'

const run = promisify(execFile)

const POLL_MS = 25
/** A fast shutdown writes one checkpoint; past this we choose an immediate one, from which the next start recovers. */
const STOP_TIMEOUT_MS = 7_000

/** What PostgreSQL says of its postmaster. */
export interface PidFile {
  readonly pid: number
  readonly ready: boolean
}

/** Reads `postmaster.pid` of a cluster, if there is one. */
export async function readPidFile(place: Pick<Place, 'cluster'>): Promise<PidFile | undefined> {
  const text = await readFile(join(place.cluster, 'postmaster.pid'), 'utf8').catch(() => undefined)
  const lines = text?.split('\n') ?? []
  const pid = Number(lines[0])
  // Line 8 is the state: PostgreSQL source, src/include/utils/pidfile.h.
  return Number.isInteger(pid) && pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined
}

/** Whether the process is a PostgreSQL on this cluster. A number alone proves nothing: after a restart of the machine it is another's. */
export async function isPostmasterOf(pid: number, place: Pick<Place, 'cluster'>): Promise<boolean> {
  const { stdout } = await run('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).catch(async () => ({
    stdout: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
  }))
  return stdout.includes('postgres') && stdout.includes(place.cluster)
}

/** Ends what an earlier process left running on a cluster, and removes its traces. Throws when it does not end. */
export async function stopLeftover(
  place: Place,
  runDirectory: string,
  log: { info(message: string): void },
): Promise<void> {
  const left = await readPidFile(place)
  if (!left) return
  if (await isPostmasterOf(left.pid, place)) {
    log.info(`stopping the database that an earlier process left running (pid ${left.pid})`)
    signal(left.pid, 'SIGINT')
    const deadline = Date.now() + STOP_TIMEOUT_MS
    while (await isPostmasterOf(left.pid, place)) {
      if (Date.now() > deadline + STOP_TIMEOUT_MS)
        throw new Error(
          `the database process ${left.pid} does not end: stop it by hand / 遗留的数据库进程不退出,请手动停止`,
        )
      if (Date.now() > deadline) signal(left.pid, 'SIGQUIT')
      await sleep(POLL_MS)
    }
  }
  // Not removed while its process lives. PostgreSQL still refuses if children of a killed one hold its shared memory.
  await rm(join(place.cluster, 'postmaster.pid'), { force: true })
  await removeSockets(runDirectory)
}

async function removeSockets(runDirectory: string): Promise<void> {
  for (const name of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock'])
    await rm(join(runDirectory, name), { force: true })
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // Already gone.
  }
}
