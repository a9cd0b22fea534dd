import { open, readFile, rename, writeFile } from 'node:fs/promises'
import { NOTE_LIMITS } from '@oiltrail/evidence'

/** Text of a small file; undefined when there is none. */
export async function textOf(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text?.slice(0, NOTE_LIMITS.characters)
}

/** Replaces a file in a folder: never half of it is there, and it is there after a power cut. */
export async function replaceOnDisk(folder: string, path: string, content: string): Promise<void> {
  const partial = `${path}.part`
  await writeFile(partial, content, { mode: 0o600, flush: true })
  await rename(partial, path)
  await syncFolder(folder)
}

/** Waits until the names in a folder are on disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
