import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Account, accountCan } from './account.ts'

/** `sun_path` holds 108 bytes on Linux and 104 on macOS; PostgreSQL adds its file name to the folder. */
const LONGEST_SOCKET_PATH_BYTES = 100
const LONGEST_SOCKET_NAME = '/.s.PGSQL.5432.lock'
/** Homes for a cluster whose chosen folder PostgreSQL's user cannot enter; both survive a restart of the machine. */
const ALTERNATIVE_HOMES = ['/var/lib', '/var/tmp'] as const
const MARKER = 'cluster-location.json'
/** Names that `alternative` gives, and nothing else under the same parents. */
const HOME_NAME = /^oiltrail-[0-9a-f]{16}$/

/** The folders of one cluster. */
export interface Place {
  /** The folder that the caller chose: password, markers. */
  readonly directory: string
  /** PGDATA. */
  readonly cluster: string
  /** Holds `cluster`; equals `directory` unless that cannot be entered. */
  readonly home: string
}

/** Names the home of a cluster that lies outside the chosen folder. */
export interface Marker {
  readonly id: string
  readonly home: string
}

/** Reads the marker of a chosen folder, if it has one. */
export async function readMarker(directory: string): Promise<Marker | undefined> {
  const text = await readFile(join(directory, MARKER), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const marker = JSON.parse(text) as Partial<Marker>
  if (typeof marker.id !== 'string' || typeof marker.home !== 'string')
    throw new Error(
      `${join(directory, MARKER)} does not name the place of the database / 该文件未指明数据库位置`,
    )
  return { id: marker.id, home: marker.home }
}

async function makePrivate(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (account) await chown(path, account.uid, account.gid)
}

/**
 * Finds or makes the folders of a cluster below `directory`, such that `account` can work in them.
 * A folder that we create ourselves may be entered (not listed) by others; the modes of existing ones are left alone. Where the
 * account still cannot enter, for example because the clone lies in root's private home, the cluster lies in a folder of its
 * own under /var/lib, and `cluster-location.json` in `directory` names it.
 */
export async function findPlace(
  directory: string,
  account: Account | undefined,
  log: { info(message: string): void },
): Promise<Place> {
  const created = await mkdir(directory, { recursive: true, mode: account ? 0o711 : 0o700 })
  if (created !== undefined && account) await chmod(directory, 0o711) // the umask may have taken bits away
  const marker = await readMarker(directory)
  if (marker) return adopt(directory, marker)
  const cluster = join(directory, 'cluster')
  if (await lstat(cluster).catch(() => undefined)) {
    if (await accountCan(account, 'w', cluster)) return { directory, cluster, home: directory }
    throw new Error(
      `The database in ${cluster} cannot be entered by user ${account?.name ?? 'ourselves'}: give it to that user, or restore a backup into a new folder / 该用户无法进入数据库目录,请将目录交给该用户,或将备份恢复到新目录`,
    )
  }
  if (!account) return { directory, cluster, home: directory }
  if (await accountCan(account, 'x', directory)) return { directory, cluster, home: directory }
  return alternative(directory, account, log)
}

/** The place outside that a folder's marker names. Throws when it is another folder's, or this one is a copy. */
export async function adopt(directory: string, marker: Marker): Promise<Place> {
  const owner = await readOwner(marker.home)
  if (!owner)
    throw new Error(`${marker.home} does not say whose database it holds / 无法确认该数据库属于哪个数据目录`)
  if (owner.id !== marker.id)
    throw new Error(`${marker.home} holds the database of another folder / 该处是另一数据目录的数据库`)
  if (owner.directory !== directory) {
    // The folder was moved, which is fine, or copied, which would let two folders share one database.
    const other = await readMarker(owner.directory).catch(() => undefined)
    const [a, b] = await Promise.all([stat(directory), stat(owner.directory).catch(() => undefined)])
    if (other?.id === marker.id && (a.ino !== b?.ino || a.dev !== b.dev))
      throw new Error(
        `${directory} is a copy of ${owner.directory} and names the same database: use backup and restore to make a second one / 数据目录是复制的,两者指向同一数据库:请用备份与恢复建立第二份`,
      )
    // What later stands at the old address must not be taken for the owner.
    await replaceFile(join(marker.home, 'owner.json'), JSON.stringify({ id: marker.id, directory }))
  }
  return { directory, home: marker.home, cluster: join(marker.home, 'cluster') }
}

async function alternative(
  directory: string,
  account: Account,
  log: { info(message: string): void },
): Promise<Place> {
  const id = randomBytes(8).toString('hex')
  for (const parent of ALTERNATIVE_HOMES) {
    if (!(await accountCan(account, 'x', parent))) continue
    const home = join(parent, `oiltrail-${id}`)
    try {
      await mkdir(home, { mode: 0o711 })
      await chmod(home, 0o711)
      await writeFile(join(home, 'owner.json'), JSON.stringify({ id, directory }), { mode: 0o600 })
      await replaceFile(join(directory, MARKER), JSON.stringify({ id, home }))
    } catch {
      await rm(home, { recursive: true, force: true })
      continue
    }
    for (const other of await homesOf(directory))
      if (other !== home)
        log.info(
          `an older database of ${directory} still lies in ${other}; delete it when it is no longer wanted`,
        )
    log.info(`user ${account.name} cannot enter ${directory}; the database lies in ${home}`)
    return { directory, home, cluster: join(home, 'cluster') }
  }
  throw new Error(
    `User ${account.name} cannot enter ${directory}, nor is there room under ${ALTERNATIVE_HOMES.join(' or ')}: choose a data folder that it can enter (--data) / 请选择该用户可进入的数据目录`,
  )
}

interface Owner {
  readonly id: string
  readonly directory: string
}

async function readOwner(home: string): Promise<Owner | undefined> {
  const text = await readFile(join(home, 'owner.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Owner)
}

/** Homes outside `directory` that were made for it, whether or not it still names them: a data folder that was deleted leaves its cluster behind. */
export async function homesOf(directory: string): Promise<string[]> {
  const homes: string[] = []
  for (const parent of ALTERNATIVE_HOMES)
    for (const name of await readdir(parent).catch(() => [])) {
      const home = join(parent, name)
      if (!HOME_NAME.test(name)) continue
      const owner = await readOwner(home).catch(() => undefined)
      if (owner?.directory === directory) homes.push(home)
    }
  return homes
}

/** Writes a small file so that a crash leaves the old or the new content, never a part. Mode 0600. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const partial = `${path}.${process.pid}`
  await writeFile(partial, content, { mode: 0o600, flush: true })
  await rename(partial, path)
}

/** The superuser's password: made once, kept in `directory/password`, readable by our own user only. */
export async function readyPassword(directory: string): Promise<string> {
  const path = join(directory, 'password')
  const known = await readFile(path, 'utf8').catch(() => undefined)
  if (known) return known.trim()
  const fresh = randomBytes(24).toString('base64url')
  // `wx`: of two processes that start together one makes the password and both read it.
  await writeFile(path, fresh, { mode: 0o600, flag: 'wx', flush: true }).catch(() => undefined)
  return (await readFile(path, 'utf8')).trim()
}

/**
 * The private folder (0700, PostgreSQL's user) of the sockets, made when missing: beside the cluster, or under the system's
 * temporary folder when that path is too long for a socket. The same for every process that asks about the same cluster.
 */
export async function readyRunDirectory(place: Place, account: Account | undefined): Promise<string> {
  const path = runDirectoryOf(place)
  const made = await mkdir(path, { mode: 0o700 }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      return false
    },
  )
  if (made && account) await chown(path, account.uid, account.gid)
  const found = await lstat(path)
  const owners = [process.getuid?.(), account?.uid]
  // Under the temporary folder anybody may have put something in our way.
  if (!found.isDirectory() || !owners.includes(found.uid) || (found.mode & 0o077) !== 0)
    throw new Error(`${path} is not a private folder of ours: remove it / 不是本系统的私有目录,请删除`)
  if (account && found.uid !== account.uid) await chown(path, account.uid, account.gid)
  return path
}

/** Where `readyRunDirectory` makes the folder of the sockets. */
export function runDirectoryOf(place: Pick<Place, 'home' | 'cluster'>): string {
  const beside = join(place.home, 'run')
  if (Buffer.byteLength(beside + LONGEST_SOCKET_NAME) <= LONGEST_SOCKET_PATH_BYTES) return beside
  const key = createHash('sha256').update(place.cluster).digest('hex').slice(0, 12)
  return join(tmpdir(), `oiltrail-${key}`)
}

/** Makes an empty private folder for initdb to fill, beside the final place so that a rename publishes it whole. */
export async function makeClusterDraft(place: Place, account: Account | undefined): Promise<string> {
  const draft = `${place.cluster}.new-${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await makePrivate(draft, account)
  return draft
}

/** Removes what starts that were killed left of clusters they were making. Only for whoever owns the place. */
export async function removeClusterDrafts(place: Place): Promise<void> {
  for (const name of await readdir(place.home).catch(() => []))
    if (name.startsWith('cluster.new-')) await rm(join(place.home, name), { recursive: true, force: true })
}
