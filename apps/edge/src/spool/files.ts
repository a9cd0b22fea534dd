import { type FileHandle, open, rename, rm, statfs } from 'node:fs/promises'

/** The operations by which a spool writes. A seam for fault injection: each of them can fail in the field. */
export interface SpoolFiles {
  /** Creates a file for appending, mode 0600; fails when it exists. */
  create(path: string): Promise<FileHandle>
  /** Opens an existing file for appending at `length`, cutting what stands behind. */
  reopen(path: string, length: number): Promise<FileHandle>
  write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void>
  sync(file: FileHandle): Promise<void>
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Bytes that this process may still write to the file system of a path. */
  freeBytes(path: string): Promise<number>
}

/** The real disk. */
export const DISK: SpoolFiles = {
  create: (path) => open(path, 'wx', 0o600),
  async reopen(path, length) {
    const file = await open(path, 'r+')
    try {
      await file.truncate(length)
      await file.datasync()
    } catch (error) {
      await file.close()
      throw error
    }
    return file
  },
  async write(file, bytes, position) {
    let done = 0
    while (done < bytes.length) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
  },
  sync: (file) => file.datasync(),
  async syncDirectory(path) {
    const directory = await open(path, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

/** Whether an error says that there is no room: the disk, the quota or a file size limit. */
export function isNoRoom(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
}
