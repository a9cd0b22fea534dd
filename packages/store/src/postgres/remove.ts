import { lstat, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ProblemError } from '@oiltrail/kernel'
import { isPostmasterOf, readPidFile } from './leftover.ts'
import { claimOwnership, type Ownership } from './owner.ts'
import { adopt, homesOf, type Place, readMarker, runDirectoryOf } from './place.ts'

/** A database that can be removed: its folders, and a hold on it so that nobody starts it meanwhile. */
export interface Removal {
  /** What `remove` deletes: homes outside first, then the folder itself. */
  readonly paths: readonly string[]
  remove(): Promise<void>
  /** Lets go of it, removed or not. */
  release(): Promise<void>
}

/**
 * Takes hold of the database of a folder, in order to remove it: the folder, and every home outside that was made for it, also
 * when the folder itself is gone. Throws CONFLICT while a process of ours or a postmaster runs it.
 */
export async function claimRemoval(directory: string): Promise<Removal> {
  const chosen = resolve(directory)
  const marker = await readMarker(chosen)
  const named = marker && (await isThere(marker.home)) ? [(await adopt(chosen, marker)).home] : []
  const outside = new Set([...named, ...(await homesOf(chosen))])
  const homes = [...outside, ...((await isThere(chosen)) ? [chosen] : [])]
  const held: Ownership[] = []
  const release = async (): Promise<void> => {
    for (const each of held.splice(0)) await each.release().catch(() => undefined)
  }
  const sockets: string[] = []
  try {
    for (const home of homes) {
      const place = { home, cluster: join(home, 'cluster') }
      sockets.push(runDirectoryOf(place))
      const owner = await hold(place)
      if (owner) held.push(owner)
    }
  } catch (error) {
    await release()
    throw error
  }
  return {
    paths: homes,
    remove: async () => {
      for (const path of [...homes, ...sockets]) await rm(path, { recursive: true, force: true })
    },
    release,
  }
}

/** Nothing to hold where the database never ran or stopped cleanly: then the folder of its sockets is gone. */
async function hold(place: Pick<Place, 'home' | 'cluster'>): Promise<Ownership | undefined> {
  const left = await readPidFile(place)
  if (left && (await isPostmasterOf(left.pid, place))) throw running(place.cluster, left.pid)
  const sockets = runDirectoryOf(place)
  if (!(await isThere(sockets))) return undefined
  const owner = await claimOwnership(sockets)
  if (!owner) throw running(place.cluster)
  return owner
}

function running(cluster: string, pid?: number): ProblemError {
  const process = pid === undefined ? '' : ` (pid ${pid})`
  return new ProblemError({
    code: 'CONFLICT',
    detail: `the database in ${cluster} is running${process}: stop the platform first / 数据库正在运行,请先停止平台`,
  })
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}
