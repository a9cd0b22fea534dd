import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { nextBatch, type SignedBatch } from '../../test/fleet/fleet.ts'
import { bareCommitMs, bareGroups } from '../bare.ts'
import { type Figure, figure, median, quantile } from '../figure.ts'
import { collectGarbage, type Load, MqttLane } from '../load.ts'
import { viewed, type World } from '../world.ts'

const BATCH_RECORDS = 50
const SECONDS = 4
const ROUNDS = 3
const COMMITS = 100
const COMMIT_PAUSE_MS = 10
/** How long the last events may take to arrive before they count as never. */
const TAIL_MS = 2_000

/** Calls `send` for each batch at its moment, whatever became of the ones before: load does not wait for the slow. */
async function paced(
  batches: readonly SignedBatch[],
  perSecond: number,
  send: (batch: SignedBatch) => void,
): Promise<void> {
  const start = performance.now()
  for (let i = 0; i < batches.length; ) {
    const passed = performance.now() - start
    while (i < batches.length && (i * 1_000) / perSecond <= passed) send(batches[i++]!)
    // Sleeps until the next is due: a sender that looks every millisecond takes a quarter of a core from what it measures.
    await new Promise((wake) => setTimeout(wake, (i * 1_000) / perSecond - passed))
  }
}

/**
 * Listens like a browser and notes when the stream first shows a log position: by a sale of it, or by a group of events
 * whose id lies behind it. Of a round with more than some hundred sales only the last are told one by one; the group
 * still says that the sums hold all of them.
 */
class SaleStream {
  private readonly seen = new Map<number, number>()
  /** Ascending: every position before `next` was shown at `at`. */
  private readonly groups: { readonly next: number; readonly at: number }[] = []
  private readonly abort = new AbortController()
  private rest = ''

  static async open(world: World): Promise<SaleStream> {
    const stream = new SaleStream()
    const answer = await fetch(`${world.platform.base}/api/events`, { signal: stream.abort.signal })
    if (!answer.ok || !answer.body) throw new Error(`the event stream answers ${answer.status}`)
    stream.read(answer.body).catch(() => undefined) // ends with the abort
    return stream
  }

  close(): void {
    this.abort.abort()
  }

  /** When a position was first shown. */
  shownAt(position: number): number | undefined {
    return this.seen.get(position) ?? this.groups.find((group) => group.next > position)?.at
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const now = performance.now()
      const blocks = (this.rest + decoder.decode(chunk, { stream: true })).split('\n\n')
      this.rest = blocks.pop()!
      for (const block of blocks) {
        const position = /^event: sale\ndata: .*"position":([0-9]+)/m.exec(block)?.[1]
        if (position !== undefined && !this.seen.has(Number(position))) this.seen.set(Number(position), now)
        const next = Number(/^id: ([0-9]+)$/m.exec(block)?.[1] ?? 0)
        if (next > (this.groups.at(-1)?.next ?? 0)) this.groups.push({ next, at: now })
      }
    }
  }
}

interface Delays {
  readonly receipt: number[]
  readonly event: number[]
}

async function measurePlatform(
  world: World,
  load: Load,
  batches: readonly SignedBatch[],
  perSecond: number,
): Promise<Delays> {
  const stream = await SaleStream.open(world)
  collectGarbage()
  const sent: { at: number; position: number }[] = []
  const receipt: number[] = []
  const answers: Promise<void>[] = []
  await paced(batches, perSecond, (batch) => {
    const at = performance.now()
    answers.push(
      load.send(batch).then((answer) => {
        receipt.push(performance.now() - at)
        sent.push({ at, position: answer.position })
      }),
    )
  })
  await Promise.all(answers)
  await viewed(world.store, Math.max(...sent.map((one) => one.position)) + 1, 60)
  await new Promise((wake) => setTimeout(wake, TAIL_MS / 4))
  stream.close()
  const event = sent.map(({ at, position }) => (stream.shownAt(position) ?? at + TAIL_MS) - at)
  return { receipt, event }
}

async function measureEcho(batches: readonly SignedBatch[], perSecond: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../echo.ts', import.meta.url))],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    },
  )
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  const waiting: number[] = [] // MQTT keeps the order of one connection
  const delays: number[] = []
  // The same sender as towards the platform, so that only what is behind the socket differs.
  const login = { clientId: 'echo', username: 'echo', password: 'echo', topic: 'echo' }
  const lane = await MqttLane.open(`mqtt://127.0.0.1:${port.toString().trim()}`, login, () =>
    delays.push(performance.now() - waiting.shift()!),
  )
  await paced(batches, perSecond, (batch) => {
    waiting.push(performance.now())
    lane.publish('echo', batch.bytes)
  })
  while (waiting.length > 0) await new Promise((wake) => setTimeout(wake, 1))
  lane.end()
  child.kill()
  return delays
}

/** Publish to receipt and to the browser's event, at a tenth of the intake rate, against MQTT echo and one bare commit. */
export async function latency(world: World, load: Load, recordsPerSecond: number): Promise<Figure[]> {
  const perSecond = recordsPerSecond / BATCH_RECORDS
  const delays: Delays = { receipt: [], event: [] }
  const echo: number[] = []
  const commits: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const batches = Array.from({ length: Math.ceil(perSecond * SECONDS) }, (_, i) =>
      nextBatch(world.volume[i % world.volume.length]!, BATCH_RECORDS, Date.now()),
    )
    const run = await measurePlatform(world, load, batches, perSecond)
    delays.receipt.push(...run.receipt)
    delays.event.push(...run.event)
    echo.push(...(await measureEcho(batches, perSecond)))
    const group = bareGroups(batches.slice(0, 1))[0]!
    for (let i = 0; i < COMMITS; i++) {
      commits.push(await bareCommitMs(world.store, group))
      await new Promise((wake) => setTimeout(wake, COMMIT_PAUSE_MS))
    }
  }
  const bare = median(echo) + median(commits)
  const notes = [
    `${perSecond.toFixed(0)} batches of ${BATCH_RECORDS} a second; bare median: echo ${median(echo).toFixed(2)} ms + commit ${median(commits).toFixed(2)} ms; bare p99: echo ${quantile(echo, 0.99).toFixed(2)} ms + commit ${quantile(commits, 0.99).toFixed(2)} ms`,
  ]
  return (['receipt', 'event'] as const).flatMap((kind) => [
    figure(
      `publish to ${kind}, median`,
      'ms',
      { value: median(delays[kind]), against: bare },
      ['<=', 3],
      notes,
    ),
    figure(
      `publish to ${kind}, 99th percentile, against the bare median`,
      'ms',
      { value: quantile(delays[kind], 0.99), against: bare },
      ['<=', 10],
    ),
  ])
}
