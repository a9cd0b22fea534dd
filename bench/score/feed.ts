import type { Fact, LoggedEvent, RecordedFact, RuleEngine } from '@oiltrail/domain'
import type { Channel, DeviceId, EpochMs } from '@oiltrail/kernel'
import type { SiteDevices } from '../../apps/simulator/src/devices/site-devices.ts'
import type { RecordSink } from '../../apps/simulator/src/history/files.ts'
import type { StagedHistory } from '../../apps/simulator/src/history/staged.ts'
import type { SiteBody } from '../../apps/simulator/src/physics/site.ts'
import type { Statement } from '../../apps/simulator/src/physics/tampering.ts'

/** From the collector's disk to the log. */
const UPLINK_MS = 2_000
/** A channel is heard of this often: heartbeats travel with whatever else there is. */
const HEARD_EVERY_MS = 120_000
/** Records may be told this long after they are stamped (a delivery waits for its tank to calm). */
const LATEST_MS = 6 * 60_000
/** Back-fill after an outage: records a second. */
const BACKFILL_MS = 1

type Unlogged = LoggedEvent extends infer E ? (E extends LoggedEvent ? Omit<E, 'ref'> : never) : never

interface Chain {
  readonly device: DeviceId
  readonly channel: Channel
  seq: number
}

/** Turns what collectors record, and what is stated at the desk, into the events of a log, and shows them to an engine. */
export class Feed implements RecordSink {
  readonly engine: Pick<RuleEngine, 'take'>
  events = 0
  private readonly siteOf: ReadonlyMap<DeviceId, string>
  private readonly chains = new Map<string, Chain>()
  private pending: { readonly loggedAt: EpochMs; readonly order: number; readonly event: Unlogged }[] = []
  private readonly held = new Map<string, (typeof this.pending)[number][]>()
  /** When the last held record of a site comes: what it records meanwhile stands behind it in the same chains. */
  private readonly backfilledAt = new Map<string, EpochMs>()
  private order = 0
  private position = 0
  private devices: (code: string) => SiteDevices | undefined = () => undefined

  constructor(engine: Pick<RuleEngine, 'take'>, siteOf: ReadonlyMap<DeviceId, string>) {
    this.engine = engine
    this.siteOf = siteOf
  }

  /** Listens to a staged history from now on. */
  attach(staged: StagedHistory, sites: readonly string[]): void {
    this.devices = (code) => staged.devices(code)
    const wanted = new Set(sites)
    staged.world.witnesses.push({
      stated: (site, statement) => {
        if (wanted.has(site.code)) this.state(site, statement)
      },
    })
    for (const site of staged.world.sites)
      if (wanted.has(site.code)) this.beat(staged, site, staged.world.now)
  }

  add(device: DeviceId, channel: Channel, at: EpochMs, fact: Fact, recordedAt: EpochMs): void {
    const site = this.siteOf.get(device)
    if (site === undefined) return
    const record = { ...fact, seq: 0, at } as RecordedFact
    this.log({
      type: 'fact',
      at,
      loggedAt: recordedAt + UPLINK_MS,
      site,
      device,
      channel,
      fact: record,
      late: false,
    })
  }

  /** Something that did not come from a collector's recorder: an attacker's batch, refused. */
  log(event: Unlogged): void {
    this.order += 1
    const loggedAt = Math.max(event.loggedAt, this.backfilledAt.get(event.site) ?? 0)
    const entry = { loggedAt, order: this.order, event: { ...event, loggedAt } as Unlogged }
    const offline = event.device !== undefined && this.devices(event.site)?.conditions.collector.offline
    if (!offline) {
      this.pending.push(entry)
      return
    }
    const held = this.held.get(event.site)
    if (held) held.push(entry)
    else this.held.set(event.site, [entry])
  }

  /** The network of a site is back: what was recorded meanwhile comes at once, in order. */
  release(site: SiteBody, at: EpochMs): void {
    const held = this.held.get(site.code)
    if (!held || this.devices(site.code)?.conditions.collector.offline) return
    this.held.delete(site.code)
    const firstAt = at + UPLINK_MS
    this.backfilledAt.set(site.code, firstAt + held.length * BACKFILL_MS)
    for (const [i, entry] of held.entries()) {
      const loggedAt = firstAt + i * BACKFILL_MS
      this.pending.push({ ...entry, loggedAt, event: { ...entry.event, loggedAt } as Unlogged })
    }
  }

  /** Shows the engine everything logged before a moment that nothing earlier can follow. */
  flush(before: EpochMs): void {
    const due = this.pending.filter((entry) => entry.loggedAt < before)
    this.pending = this.pending.filter((entry) => entry.loggedAt >= before)
    due.sort((a, b) => a.loggedAt - b.loggedAt || a.order - b.order)
    for (const { event } of due) this.show(event)
  }

  private show(event: Unlogged): void {
    this.position += 1
    this.events += 1
    const ref = { position: this.position, seq: 0 }
    if (event.type !== 'fact') {
      this.engine.take({ ...event, ref } as LoggedEvent)
      return
    }
    const name = `${event.device}.${event.channel}`
    const chain = this.chains.get(name) ?? { device: event.device, channel: event.channel, seq: 0 }
    chain.seq += 1
    this.chains.set(name, chain)
    const fact = { ...event.fact, seq: chain.seq }
    this.engine.take({ ...event, fact, ref: { position: this.position, seq: chain.seq } })
  }

  private state(site: SiteBody, statement: Statement): void {
    const { at } = statement
    const base = { at, loggedAt: at, site: site.code }
    if (statement.type === 'notice') this.log({ type: 'notice', ...base, notice: statement.notice })
    else if (statement.type === 'window') this.log({ type: 'window', ...base, window: statement.window })
    else this.log({ type: 'registration', ...base, document: statement.document })
  }

  private beat(staged: StagedHistory, site: SiteBody, at: EpochMs): void {
    const conditions = staged.devices(site.code)!.conditions
    staged.world.agenda.plan(at, (now) => {
      const { collector, mains } = conditions
      if (mains && !collector.unplugged && !collector.offline)
        for (const channel of ['volume', 'price'] as const) {
          const base = { at: now, loggedAt: now, site: site.code, device: site.plan.device, channel }
          this.log({ type: 'heard', ...base, firstSeq: 1, lastSeq: 1 })
        }
      this.beat(staged, site, now + HEARD_EVERY_MS)
    })
  }

  /** How far behind the county's now everything is known. */
  static readonly behindMs: number = LATEST_MS
}
