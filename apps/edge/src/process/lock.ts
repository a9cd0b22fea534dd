import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { resolve } from 'node:path'
import { ok, type Result, refuse } from '@oiltrail/kernel'

/** A predecessor that is just shutting down gets this long to let go. */
const PATIENCE_MS = 10_000
const RETRY_MS = 200

/**
 * Makes sure that one process at a time writes the spools of a folder. The lock is an abstract Unix socket, so that the
 * kernel itself lets go of it however the process ends; elsewhere than on Linux it is a pipe or socket of that name.
 * Refuses CONFLICT.
 */
export async function lockFolder(directory: string, channel: string): Promise<Result<Server>> {
  const name = createHash('sha256')
    .update(`${resolve(directory)}\n${channel}`)
    .digest('hex')
    .slice(0, 32)
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\oiltrail-edge-${name}` : `\0oiltrail-edge-${name}`
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const server = await listen(path)
    if (server) return ok(server)
    if (performance.now() > deadline)
      return refuse(
        'CONFLICT',
        `另一采集器正在使用此目录 / another collector works in this folder: ${directory}`,
        directory,
      )
    await new Promise((done) => setTimeout(done, RETRY_MS))
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(undefined)
      else fail(error)
    })
    server.listen(path, () => {
      server.unref()
      done(server)
    })
  })
}
