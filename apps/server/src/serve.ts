import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { RULES, type Rule, type RuleEditions } from '@oiltrail/domain'
import { defaultOrigin } from '@oiltrail/evidence'
import { type Clock, type Problem, ProblemError } from '@oiltrail/kernel'
import { readHead, readRowsAt, type Store } from '@oiltrail/store'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { openAccess, registerTokenCookie } from './access.ts'
import { Live } from './api/live.ts'
import { registerApi } from './api/register.ts'
import { isLoopback, type ServerConfig } from './config.ts'
import type { ServerContext } from './context.ts'
import { type Database, openDatabase } from './database.ts'
import { readyEnrolSecret } from './desk/codes.ts'
import { Office } from './desk/office.ts'
import type { Follower } from './follow/follower.ts'
import type { Following } from './follow/following.ts'
import { FollowLoop } from './follow/loop.ts'
import { MqttGateway, type TlsFiles } from './gateway/mqtt.ts'
import { registerUplink } from './gateway/uplink.ts'
import { makeHttp, registerHealth } from './http.ts'
import { DeviceBook } from './intake/devices.ts'
import { Intake } from './intake/intake.ts'
import { ShardOwner } from './intake/ownership.ts'
import { LogFeed } from './log/feed.ts'
import { makeMetrics } from './metrics.ts'
import { Seal } from './seal/follower.ts'
import { hasLogKeys, readLogSigners, readyLogSigners } from './seal/keys.ts'
import { HeadMark } from './seal/mark.ts'
import { forgetDeclaration, readDeclaration, stateRestored } from './seal/restored.ts'
import { registerLogRoutes } from './seal/routes.ts'
import { readShareTargets } from './share/address.ts'
import { ShareCourier } from './share/courier.ts'
import { currentEditions, newestEditions } from './watch/editions.ts'
import { WatchOffice } from './watch/office.ts'
import { startWatch } from './watch/start.ts'
import { type LeftBehind, stateReturn, Ticker } from './watch/ticker.ts'
import { registerWeb } from './web.ts'

/** How long a starting server waits for another to let go of the county's log. */
const OWNERSHIP_WAIT_MS = 10_000
/** More threads than this only wait: the main thread cannot feed them. */
const MOST_VERIFIERS = 3

/** A server that is up. */
export interface RunningServer {
  /** Address of the pages and the interface. */
  readonly url: string
  /** Addresses of the MQTT gateways: plain, and over TLS. */
  readonly mqttUrl: string | undefined
  readonly mqttsUrl: string | undefined
  readonly context: ServerContext
  readonly intake: Intake
  readonly followers: readonly Following[]
  /** Process id of the built-in database; undefined with your own, and while it is being started again. */
  databasePid(): number | undefined
  /** Takes nothing new, commits what waits, ends everything. Safe to call twice. */
  stop(): Promise<void>
}

/** What a server may be given from outside, for tests and measurements. */
export interface ServeHooks {
  /** The server cannot go on: another took the log, or the database is gone for good. */
  readonly onFatal?: (problem: Problem) => void
  /** Aborted when nobody wants the server any more: a start under way then ends with the reason and leaves nothing behind. */
  readonly cancelled?: AbortSignal
  /** How long to wait for another server to let go of the log. */
  readonly ownershipWaitMs?: number
  /** Threads that check signatures ahead. */
  readonly verifiers?: number
  /** Alarm rules instead of all of them; they run in the main thread, since a function cannot be handed to another. */
  readonly rules?: readonly Rule[]
}

/** Brings a server up: database, ownership, intake, followers, gateways, pages. Throws `ProblemError` or what broke. */
export async function startServer(
  config: ServerConfig,
  log: Logger,
  hooks: ServeHooks = {},
): Promise<RunningServer> {
  const undo: (() => Promise<unknown>)[] = []
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const step of undo.reverse())
        await step().catch((error: unknown) => log.error({ err: error }, 'a part did not stop cleanly'))
    })()
    return stopping
  }
  try {
    return await bringUp(config, log, hooks, undo, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function bringUp(
  config: ServerConfig,
  log: Logger,
  hooks: ServeHooks,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<RunningServer> {
  const tls = await readTls(config)
  const shareTargets = await readShareTargets(config.share)
  const access = await openAccess(config.data, isLoopback(config.host))
  const fatal = (problem: Problem): void => hooks.onFatal?.(problem)
  const database = await openDatabase({
    url: config.databaseUrl,
    data: config.data,
    log,
    migrate: true,
    // The log's keys are made after its database: where they are, there was one, built in or your own.
    mustExist: hasLogKeys(config.data),
    cancelled: hooks.cancelled,
    onGivenUp: fatal,
  })
  undo.push(() => database.close())
  hooks.cancelled?.throwIfAborted()
  const core = await startCore(config, log, database, fatal, hooks, undo)
  const { store } = database
  const { intake, feed, book, seal, signers, county } = core
  const enrolSecret = await readyEnrolSecret(join(config.data, 'keys'))
  const couriers = shareTargets.map(
    (target) => new ShareCourier({ target, store, county: county.number, feed, clock: config.clock, log }),
  )
  const context: ServerContext = {
    store,
    county: county.number,
    countyCode: county.code,
    clock: config.clock,
    log,
    desk: new Office({ store, intake, clock: config.clock, county, enrolSecret }),
    watch: core.office,
    couriers,
    demo: config.demo,
    access,
    nextPosition: () => feed.nextPosition,
    followerPosition: (name) => core.followers.find((loop) => loop.name === name)?.position,
  }
  const mqtt = new MqttGateway({ intake, book, log })
  const app = await makeHttp(log, tls, config.trustedProxies)
  // Undone in reverse: first nothing new comes in, then what waits is committed, then connections end.
  undo.push(
    () => app.close(),
    () => mqtt.close(),
    () => intake.stop(),
  )
  undo.push(async () => mqtt.stopListening())
  registerTokenCookie(app, access, tls !== undefined)
  undo.push(() => Promise.all(couriers.map((courier) => courier.stop())))
  const metrics = makeMetrics({ intake, feed, followers: core.followers, seal, mqtt, couriers })
  registerHealth(app, {
    readiness: () => readiness(intake, core.followers),
    notices: () => couriers.flatMap((courier) => courier.notices()),
    metrics,
    access,
  })
  await registerUplink(app, intake)
  await registerLogRoutes(app, { store, county, seal, signers })
  registerApi(app, context, core.live)
  await registerWeb(app)
  const { mqttUrl, mqttsUrl } = await listenMqtt(mqtt, config, tls)
  for (const courier of couriers) courier.start()
  core.live.started(context.followerPosition('views') ?? 0)
  return {
    url: await listenHttp(app, config, tls !== undefined),
    mqttUrl,
    mqttsUrl,
    context,
    intake,
    followers: core.followers,
    databasePid: () => database.pid(),
    stop,
  }
}

/** The parts that own the log and follow it. */
async function startCore(
  config: ServerConfig,
  log: Logger,
  database: Database,
  fatal: (problem: Problem) => void,
  hooks: ServeHooks,
  undo: (() => Promise<unknown>)[],
) {
  const { store } = database
  const county = { number: Number(config.countyCode), code: config.countyCode }
  let intake: Intake | undefined
  const waitMs = hooks.ownershipWaitMs ?? OWNERSHIP_WAIT_MS
  const doubt = (): void => intake?.doubtOwnership()
  const owned = await ShardOwner.take(store, county.number, waitMs, doubt, hooks.cancelled)
  if (!owned.ok) throw new ProblemError(owned.problem)
  undo.push(() => owned.value.release())
  const { feed, book, left } = await readLog(store, county.number)
  const origin = config.origin ?? defaultOrigin(county.code)
  // A log that has entries is sealed by the keys that it began with, or by none: made anew they would vouch for nothing.
  const keys = join(config.data, 'keys')
  const signers = await (feed.nextPosition > 0 ? readLogSigners : readyLogSigners)(keys, origin)
  const mark = await HeadMark.open({ keys, county, origin, signers })
  const seal = new Seal({ store, county: county.number, origin, signers, mark, clock: config.clock, log })
  const live = new Live({ county: county.number, clock: config.clock })
  seal.onCheckpoint((checkpoint) => live.sealed(checkpoint))
  const { clock } = config
  const watch = await startWatch({
    store,
    county: county.number,
    feed,
    live,
    clock,
    log,
    rules: hooks.rules,
  })
  undo.push(() => watch.stop())
  hooks.cancelled?.throwIfAborted()
  const loops = await startFollowers([live.follower, seal], { store, county: county.number, feed, log })
  const followers: readonly Following[] = [...loops, watch]
  undo.push(
    () => seal.stop(),
    () => Promise.all(loops.map((loop) => loop.stop())),
  )
  intake = new Intake({
    store,
    county,
    clock: config.clock,
    feed,
    book,
    owner: owned.value,
    log,
    verifiers: hooks.verifiers ?? Math.min(MOST_VERIFIERS, availableParallelism() - 1),
    onLost: fatal,
  })
  const office = new WatchOffice({
    rules: hooks.rules ?? RULES,
    intake,
    clock: config.clock,
    reached: (position) => watch.reached(position),
  })
  const current = currentEditions(hooks.rules ?? RULES)
  const isStated = await stateBeginning({ intake, log, clock, keys, county: county.code }, left, current)
  const ticker = new Ticker({ intake, clock, watch, log, unstated: isStated ? undefined : current })
  undo.push(() => ticker.stop())
  return { intake, feed, book, seal, live, signers, followers, county, office }
}

/** States what the log must know before anything else enters it. Returns whether it names the editions of the rules now. */
async function stateBeginning(
  parts: { intake: Intake; log: Logger; clock: Clock; keys: string; county: string },
  left: LeftBehind,
  current: RuleEditions,
): Promise<boolean> {
  const { intake, log, clock, keys, county } = parts
  const lost = await readDeclaration(keys, county)
  if (lost === undefined) return stateReturn({ intake, log }, clock, left, current)
  await stateRestored(intake, lost, current)
  await forgetDeclaration(keys, county)
  return true
}

async function readLog(
  store: Store,
  county: number,
): Promise<{ feed: LogFeed; book: DeviceBook; left: LeftBehind }> {
  const book = new DeviceBook()
  await book.reload(store.pool, county)
  const next = (await readHead(store.pool, county))?.nextPosition ?? 0
  const [newest] = await readRowsAt(store.pool, county, [next - 1])
  const rules = await newestEditions(store.pool, county)
  return { feed: new LogFeed(next), book, left: { lastAt: newest?.receivedAt, rules } }
}

async function startFollowers(
  followers: readonly Follower[],
  parts: { store: Store; county: number; feed: LogFeed; log: Logger },
): Promise<FollowLoop[]> {
  const loops = followers.map((follower) => new FollowLoop({ ...parts, follower }))
  for (const loop of loops) await loop.start()
  return loops
}

function readiness(intake: Intake, followers: readonly Following[]): string[] {
  const problems = intake.isOpen ? [] : ['intake is closed']
  for (const loop of followers)
    if (loop.figures.failing !== undefined) problems.push(`${loop.name} is failing`)
  return problems
}

async function readTls(config: ServerConfig): Promise<TlsFiles | undefined> {
  if (config.tlsCert === undefined || config.tlsKey === undefined) return undefined
  try {
    return { cert: await readFile(config.tlsCert), key: await readFile(config.tlsKey) }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    throw new ProblemError({ code: 'CONFIG_INVALID', detail, where: '--tls-cert / --tls-key' })
  }
}

async function listenMqtt(
  mqtt: MqttGateway,
  config: ServerConfig,
  tls: TlsFiles | undefined,
): Promise<{ mqttUrl: string | undefined; mqttsUrl: string | undefined }> {
  const address = (scheme: string, port: number): string => `${scheme}://${hostInUrl(config.host)}:${port}`
  const plain = config.mqttPort
  return {
    mqttUrl: plain === undefined ? undefined : address('mqtt', await mqtt.listen(plain, config.host)),
    mqttsUrl: tls && address('mqtts', await mqtt.listen(config.mqttsPort, config.host, tls)),
  }
}

async function listenHttp(app: FastifyInstance, config: ServerConfig, secure: boolean): Promise<string> {
  await app.listen({ port: config.port, host: config.host })
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  return `${secure ? 'https' : 'http'}://${hostInUrl(config.host)}:${port}`
}

/** Everywhere is nowhere to connect to: a server on all addresses names this machine. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
