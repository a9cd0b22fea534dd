// One at a time: what must not be done twice at once in one checkout. Plain JavaScript: it works before anything is installed.
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 300
/** Installing over a slow line takes minutes; past this something is stuck, and a person should look. */
const LONGEST_WAIT_MS = 30 * 60_000

/**
 * Does `work` while nobody else does anything under the same name, and waits for whoever does; `waiting` is called once when
 * that is so. The turn is a listening socket: it ends with the last process that holds it, however that ends, so there is no
 * file that a killed process could leave behind as if it still worked. `work` is given the number of its file, to hand to a
 * program that would go on working if we were killed; undefined on Windows, which has none.
 */
export async function inTurn(name, waiting, work) {
  const address = addressOf(name)
  const deadline = Date.now() + LONGEST_WAIT_MS
  let told = false
  let turn = await take(address)
  while (!turn) {
    if (!told) waiting()
    told = true
    if (Date.now() > deadline)
      throw new Error('another start in this folder does not end / 同一目录中的另一次启动迟迟未结束')
    await sleep(POLL_MS)
    turn = await take(address)
  }
  try {
    return await work(fileOf(turn))
  } finally {
    await new Promise((closed) => turn.close(closed))
  }
}

function fileOf(server) {
  // Node shares streams with a child, but no servers; the number of the file is not in its documentation.
  const number = server._handle?.fd
  return number >= 0 ? number : undefined
}

/** On Linux a name outside all folders, on Windows a pipe: both go with their process. Elsewhere a file is left, which answers nobody. */
function addressOf(name) {
  const id = createHash('sha256').update(name).digest('hex').slice(0, 32)
  if (process.platform === 'linux') return `\0oiltrail-${id}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\oiltrail-${id}`
  return join(tmpdir(), `oiltrail-${id}`)
}

/** A file that answers nobody was left behind. */
async function clearStale(address) {
  if (isFile(address) && !(await answers(address))) rmSync(address, { force: true })
}

function take(address) {
  return new Promise((taken, failed) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error) => {
      if (error.code !== 'EADDRINUSE') failed(error)
      else clearStale(address).then(() => taken(undefined), failed)
    })
    server.listen(address, () => taken(server))
  })
}

function isFile(address) {
  return process.platform !== 'linux' && process.platform !== 'win32' && address.startsWith('/')
}

function answers(address) {
  return new Promise((settle) => {
    const probe = createConnection(address)
    probe.once('connect', () => {
      probe.destroy()
      settle(true)
    })
    probe.once('error', () => settle(false))
  })
}
