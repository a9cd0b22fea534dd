import type { Fact } from '@oiltrail/domain'
import type { Store } from '@oiltrail/store'
import { closeBatch } from '../../test/fleet/fleet.ts'
import { bareCommitMs, bareGroups, makeBareTables } from '../bare.ts'
import { type Benchmark, type Figure, figure, median, quantile } from '../figure.ts'
import { collectGarbage, type Load } from '../load.ts'
import { niceThreadsCpuSeconds, ownCpuSeconds, treeCpuSeconds } from '../processes.ts'
import { closeSide, openSide, type Side } from '../side.ts'
import { followed, type World } from '../world.ts'
import { makeBatches } from './intake.ts'

const FEW = 21
const MANY = 21_000
const BATCH_RECORDS = 50
const BATCHES = 2_100
const REPETITIONS = 3
const WATCH_SECONDS = 300
const ALARMS = 200
const ALARM_PAUSE_MS = 40
const COMMITS = 100
const ALARM_SECONDS = 5

/** CPU microseconds a record: what rules took of it, and everything else that intake, views and seal did. */
interface Shares {
  readonly rules: number
  readonly intake: number
}

async function watchBackends(store: Store): Promise<number> {
  const { rows } = await store.pool.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = 'oiltrail-watch'",
  )
  return rows.reduce((sum, { pid }) => sum + ownCpuSeconds(pid), 0)
}

/** Rules run in a thread and on connections of their own, so that the system tells their CPU from the rest. */
async function spent({ store, serverPid, postgresPid }: World): Promise<{ rules: number; all: number }> {
  const rules = niceThreadsCpuSeconds(serverPid) + (await watchBackends(store))
  return { rules, all: ownCpuSeconds(serverPid) + treeCpuSeconds(postgresPid) }
}

async function sharesOf(side: Side, offset: number): Promise<Shares> {
  const { world, load } = side
  const place = (offset * BATCHES) % world.volume.length
  const volume = [...world.volume.slice(place), ...world.volume.slice(0, place)]
  const batches = makeBatches({ ...world, volume }, BATCHES, BATCH_RECORDS)
  const before = await spent(world)
  const highest = await load.sendAll(batches)
  await followed(world.store, 'views', highest + 1, WATCH_SECONDS)
  await followed(world.store, 'watch', highest + 1, WATCH_SECONDS)
  const after = await spent(world)
  const records = BATCHES * BATCH_RECORDS
  const rules = ((after.rules - before.rules) * 1e6) / records
  return { rules, intake: ((after.all - before.all) * 1e6) / records - rules }
}

async function cost(sites: number): Promise<readonly Figure[]> {
  const side = await openSide(sites, { priced: BATCHES * (REPETITIONS + 1) })
  try {
    const runs: Shares[] = []
    for (let i = 0; i <= REPETITIONS; i++) runs.push(await sharesOf(side, i))
    const measured = runs.slice(1)
    const { rows } = await side.world.store.pool.query<{ bytes: number; sites: number; states: number }>(
      `select coalesce(sum(octet_length(state::text)), 0)::int8 as bytes, count(*)::int8 as states,
         count(distinct split_part(subject, '/', 1))::int8 as sites from watch_state`,
    )
    const { bytes, states, sites: watched } = rows[0]!
    return [
      figure(
        `all rules against intake, ${sites} sites`,
        'µs CPU/record',
        {
          value: median(measured.map(({ rules }) => rules)),
          against: median(measured.map(({ intake }) => intake)),
        },
        ['<=', 1],
        [
          `rules remember ${(bytes / Math.max(watched, 1) / 1024).toFixed(1)} KiB a site as stored (${states} states of ${watched} sites)`,
        ],
      ),
      ...(sites === FEW ? await alarmLatency(side.world, side.load) : []),
    ]
  } finally {
    await closeSide(side)
  }
}

/** Notes when the event stream first tells of an alarm of a device. */
async function alarmTimes(world: World): Promise<{ seen: Map<string, number>; close(): void }> {
  const abort = new AbortController()
  const answer = await fetch(`${world.platform.base}/api/events`, { signal: abort.signal })
  if (!answer.ok || !answer.body) throw new Error(`the event stream answers ${answer.status}`)
  const seen = new Map<string, number>()
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const [, rule, subject] =
          /^event: alarm\ndata: .*"rule":"([^"]+)".*"subject":"([^"]+)"/m.exec(block) ?? []
        if (rule === 'cabinet-opened' && subject !== undefined) seen.set(subject, performance.now())
      }
    }
  }
  read(answer.body).catch(() => undefined) // ends with the abort
  return { seen, close: () => abort.abort() }
}

/** A cabinet is opened at one site after the other: from the receipt, that is the commit, to the alarm on the stream. */
async function alarmLatency(world: World, load: Load): Promise<readonly Figure[]> {
  await makeBareTables(world.store)
  const stream = await alarmTimes(world)
  const delays: number[] = []
  collectGarbage()
  for (let i = 0; i < ALARMS; i++) {
    const lane = world.volume[i % world.volume.length]!
    const opens = Math.floor(i / world.volume.length) % 2 === 0
    const at = Date.now()
    const fact: Fact & { at: number } = {
      at,
      kind: 'health',
      event: opens ? 'cabinet-opened' : 'cabinet-closed',
      subject: '',
    }
    const subject = `${lane.site}/device/${lane.device}`
    stream.seen.delete(subject)
    await load.send(closeBatch(lane, [fact]))
    const committed = performance.now()
    const deadline = committed + ALARM_SECONDS * 1_000
    while (!stream.seen.has(subject) && performance.now() < deadline)
      await new Promise((wake) => setTimeout(wake, 1))
    delays.push(Math.max(0, (stream.seen.get(subject) ?? deadline) - committed))
    await new Promise((wake) => setTimeout(wake, ALARM_PAUSE_MS))
  }
  stream.close()
  const group = bareGroups(makeBatches(world, 1, BATCH_RECORDS))[0]!
  const commits: number[] = []
  for (let i = 0; i < COMMITS; i++) {
    commits.push(await bareCommitMs(world.store, group))
    await new Promise((wake) => setTimeout(wake, ALARM_PAUSE_MS / 4))
  }
  const bare = median(commits)
  return [
    figure(
      'record committed to alarm on the stream, median',
      'ms',
      { value: median(delays), against: bare },
      ['<=', 3],
    ),
    figure(
      'record committed to alarm on the stream, 99th percentile, against the bare median',
      'ms',
      { value: quantile(delays, 0.99), against: bare },
      ['<=', 10],
    ),
  ]
}

/** What rules cost beside intake, with few sites and with many, and how soon an alarm is seen. */
export const watch: Benchmark = {
  name: 'watch',
  async run() {
    return [...(await cost(FEW)), ...(await cost(MANY))]
  },
}
