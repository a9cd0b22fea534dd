import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The operating-system user as whom PostgreSQL runs, when it is not our own. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Tried in this order. `postgres` first: nothing else runs as it, while `nobody` may be shared by other services. */
const CANDIDATES = ['postgres', 'nobody'] as const

/**
 * Finds the unprivileged user to drop to when we run as root, because PostgreSQL refuses to run as root.
 * Returns undefined when we are not root: then PostgreSQL runs as ourselves.
 * Throws when we are root and the machine has none of the known users.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of CANDIDATES) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
      const account = { name, uid: Number(uid.stdout), gid: Number(gid.stdout) }
      if (account.uid > 0 && Number.isInteger(account.gid)) return account
    } catch {
      // No such user: try the next.
    }
  }
  throw new Error(
    `PostgreSQL must not run as root and this machine has no user ${CANDIDATES.join(' or ')}: run as another user or set DATABASE_URL / PostgreSQL 不能以 root 运行,请换普通用户运行或设置 DATABASE_URL`,
  )
}

/** The spawn options that make a child run as the account, or as ourselves. */
export function asAccount(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {}
}

/**
 * Whether the account can do something with a path: `x` enter or run it, `w` write into it, `r` read it.
 * Asked of the kernel by a child of that user, so that every parent folder, group and access list counts.
 */
export async function accountCan(
  account: Account | undefined,
  access: 'x' | 'w' | 'r',
  path: string,
): Promise<boolean> {
  try {
    await run('/bin/sh', ['-c', `test -${access} "$1"`, 'sh', path], { ...asAccount(account), cwd: '/' })
    return true
  } catch {
    return false
  }
}
