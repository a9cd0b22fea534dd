import { randomBytes } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Longer than any moment between one process finding the place free and taking it. */
const SETTLE_MS = 50
const PROBE_TIMEOUT_MS = 2_000
const NAME_LENGTH = 16

/** Who runs a cluster: a socket that answers only while its process lives, whatever became of process numbers and files. */
export interface Ownership {
  /** Lets the next one take the cluster. Await it before you start again. */
  release(): Promise<void>
}

function ownerPath(runDirectory: string): string {
  return join(runDirectory, 'owner')
}

/** The name of the process that owns the cluster, or undefined when none lives. */
export function livingOwner(runDirectory: string): Promise<string | undefined> {
  return new Promise((settle) => {
    let name = ''
    const probe = createConnection(ownerPath(runDirectory))
    probe.setEncoding('latin1')
    probe.setTimeout(PROBE_TIMEOUT_MS, () => probe.destroy())
    probe.on('data', (text: string) => {
      name = (name + text).slice(0, NAME_LENGTH)
    })
    probe.on('error', () => undefined)
    probe.on('close', () => settle(name.length === NAME_LENGTH ? name : undefined))
  })
}

/** Becomes the owner of the cluster, or returns undefined when another living process is. */
export async function claimOwnership(runDirectory: string): Promise<Ownership | undefined> {
  if (await livingOwner(runDirectory)) return undefined
  const name = randomBytes(NAME_LENGTH / 2).toString('hex')
  const draft = join(runDirectory, `o${name.slice(0, 8)}`)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(name)
  })
  await listen(server, draft)
  // The rename replaces what a dead process left. When two do this at once the later one stays, and both find out who it is.
  await rename(draft, ownerPath(runDirectory))
  await sleep(SETTLE_MS)
  if ((await livingOwner(runDirectory)) !== name) {
    server.close()
    return undefined
  }
  let released: Promise<void> | undefined
  return {
    release: () => {
      // Once only: a second removal could hit the socket of the next owner.
      released ??= rm(ownerPath(runDirectory), { force: true }).finally(() => server.close())
      return released
    },
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(path, () => {
      server.unref()
      done()
    })
  })
}
