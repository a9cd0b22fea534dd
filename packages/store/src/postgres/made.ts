import { lstat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ProblemError } from '@oiltrail/kernel'
import { homesOf, readMarker } from './place.ts'

/** Stands in the chosen folder from the moment its database first ran. */
const MADE = 'database-made.json'

/** The problem DATABASE_LOST: what is missing, where. */
export function lostDatabase(detail: string): ProblemError {
  return new ProblemError({ code: 'DATABASE_LOST', detail })
}

/** Notes in a folder that its database was made, so that its absence is never again taken for a first start. */
export async function noteMade(directory: string): Promise<void> {
  const text = `${JSON.stringify({ madeAt: new Date().toISOString() })}\n`
  await writeFile(join(directory, MADE), text, { mode: 0o600, flag: 'wx', flush: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    },
  )
}

/**
 * Whether the folder's database was made before. Throws DATABASE_LOST when it was, or must have been, and is not there: an empty
 * database in place of a lost one would look to an auditor as if nothing had ever been recorded. Creates nothing.
 */
export async function refuseLost(directory: string, mustExist: boolean): Promise<boolean> {
  const made = await exists(join(directory, MADE))
  const marker = await readMarker(directory)
  if (marker && !(await exists(marker.home)))
    throw lostDatabase(
      `${directory} says that its database lies in ${marker.home}, which is not there / ${directory} 所指的数据库目录 ${marker.home} 不存在`,
    )
  const cluster = join(marker?.home ?? directory, 'cluster')
  if ((!made && !mustExist) || (await exists(join(cluster, 'PG_VERSION')))) return made
  const others = (await homesOf(directory)).filter((home) => home !== marker?.home)
  const hint = others.length === 0 ? '' : ` (${others.join(', ')} ?)`
  throw lostDatabase(`no database in ${cluster}${hint} / ${cluster} 中没有数据库`)
}

/** What may not be looked into is there: whoever needs it will say so. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  )
}
