import { lstat, readdir, rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ProblemError } from '@oiltrail/kernel'
import { claimRemoval } from '@oiltrail/store'

/** What the platform and the demo put into a data folder, besides the database. Nothing else is ever deleted. */
const OURS = ['keys', 'admin-token', 'reader-token', 'demo'] as const

/** Help of `oiltrail remove`. */
export const REMOVE_HELP = `  --data DIR           data folder (OILTRAIL_DATA) / 数据目录
  --yes                do it; without it, only tells what would be deleted / 确认删除;不加则仅列出

Deletes the built-in database of a folder, wherever it lies, with the keys of its log. Make a backup first.
删除该目录的内置数据库(无论位于何处)及日志密钥;请先备份。
`

/**
 * `oiltrail remove`: deletes a data folder together with its database, which may lie outside it. CONFLICT while it runs;
 * CONFIG_INVALID when there is nothing of ours. Exit code 1 when it only told what it would delete.
 */
export async function removeData(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const { data, yes } = readOrder(args, env)
  const removal = await claimRemoval(join(data, 'postgres'))
  try {
    const files = await present(OURS.map((name) => join(data, name)))
    if (removal.paths.length === 0)
      throw invalid(`there is no built-in database of ${data} / ${data} 没有内置数据库`)
    for (const path of [...files, ...removal.paths]) process.stdout.write(`${path}\n`)
    if (!yes) {
      process.stderr.write(
        'nothing was deleted; add --yes to delete these / 未删除;加 --yes 即删除以上内容\n',
      )
      return 1
    }
    // The database last: what is interrupted can then be told to go on.
    for (const path of files) await rm(path, { recursive: true, force: true })
    await removal.remove()
    await sweep(data)
    return 0
  } finally {
    await removal.release()
  }
}

/** Removes the folder itself when nothing else lies in it. */
async function sweep(data: string): Promise<void> {
  const left = await readdir(data).catch(() => undefined)
  if (left === undefined) return
  if (left.length === 0) await rmdir(data)
  else process.stderr.write(`${data} keeps what is not ours / 非本系统文件予以保留: ${left.join(', ')}\n`)
}

async function present(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) if (await lstat(path).catch(() => undefined)) found.push(path)
  return found
}

function readOrder(args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  try {
    const options = { data: { type: 'string' }, yes: { type: 'boolean' } } as const
    const { values } = parseArgs({ args: [...args], options })
    const data = values.data ?? env.OILTRAIL_DATA
    if (data === undefined || data === '') throw new Error('--data DIR is needed / 需要 --data')
    return { data: resolve(data), yes: values.yes === true }
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error))
  }
}

function invalid(detail: string): ProblemError {
  return new ProblemError({ code: 'CONFIG_INVALID', detail, where: '--data' })
}
