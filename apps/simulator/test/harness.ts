import { createConnection, type Socket } from 'node:net'
import { type EpochMs, fromChina } from '@oiltrail/kernel'
import { afterEach } from 'vitest'
import { planCounty } from '../src/county/county.ts'
import { LiveCounty } from '../src/live.ts'
import { Instruments } from '../src/physics/instruments.ts'
import { World } from '../src/physics/world.ts'

/** A clock that a test sets by hand. */
export interface HandClock {
  at: EpochMs
  readonly speed: number
  now(): EpochMs
}

/** A Monday noon: every site is open. */
export const NOON: EpochMs = fromChina(2026, 11, 23, 12)

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

/** A live county that began at this day's midnight and stands at noon; closed after the test. */
export async function liveCounty(seed = 7): Promise<{ live: LiveCounty; world: World; clock: HandClock }> {
  const clock: HandClock = {
    at: NOON,
    speed: 1,
    now() {
      return this.at
    },
  }
  const plan = planCounty(seed, NOON)
  const world = new World(plan, fromChina(2026, 11, 23))
  world.advanceTo(NOON - 3_600_000)
  const live = new LiveCounty(world, new Instruments(world), clock)
  await live.start()
  endings.push(() => live.stop())
  return { live, world, clock }
}

/** A client of a device: sends bytes, in pieces of `pieceBytes` when given, and waits for an answer that is complete. */
export async function ask(
  port: number,
  bytes: Uint8Array,
  complete: (answer: Buffer) => boolean,
  options: { readonly timeoutMs?: number; readonly pieceBytes?: number } = {},
): Promise<Buffer | undefined> {
  const socket: Socket = createConnection({ host: '127.0.0.1', port })
  socket.setNoDelay(true)
  try {
    return await new Promise<Buffer | undefined>((resolve, reject) => {
      let answer: Buffer = Buffer.alloc(0)
      const timer = setTimeout(() => resolve(undefined), options.timeoutMs ?? 2_000)
      socket.on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      socket.on('data', (part) => {
        answer = Buffer.concat([answer, part])
        if (!complete(answer)) return
        clearTimeout(timer)
        resolve(answer)
      })
      socket.on('connect', () => {
        void sendInPieces(socket, bytes, options.pieceBytes ?? bytes.length)
      })
    })
  } finally {
    socket.destroy()
  }
}

async function sendInPieces(socket: Socket, bytes: Uint8Array, pieceBytes: number): Promise<void> {
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    socket.write(bytes.subarray(from, from + pieceBytes))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
