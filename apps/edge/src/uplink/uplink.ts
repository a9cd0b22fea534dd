import { type Channel, explainProblem, toHex } from '@oiltrail/kernel'
import { uplink as format } from '@oiltrail/protocols'
import type { Logger } from 'pino'
import type { KeyRing } from '../keys/keyring.ts'
import type { Spool } from '../spool/spool.ts'
import type { Carrier } from './carrier.ts'
import { Lane, type Turn } from './lane.ts'

/** One channel of one device on its way to the platform. */
export interface Stream {
  readonly county: string
  readonly device: string
  readonly channel: Channel
  readonly spool: Spool
  readonly keys: KeyRing
  /** Whether the platform knows the device yet. */
  enrolled(): boolean
}

/** Batches without receipt at a time, over all streams: enough to cover a round trip, few enough for memory. */
const WINDOW = 32
/** Of these, places that a backlog leaves free, so that a live record never waits for one. */
const LIVE_PLACES = 8
/** A receipt later than this (real time) is not coming. */
const RECEIPT_TIMEOUT_MS = 30_000
const SWEEP_MS = 2_000
/** Pause after `retry`, doubled up to the longest. */
const RETRY_PAUSE_MS = 250
const LONGEST_RETRY_PAUSE_MS = 5_000
/** Room for header and trailer beside the record lines. */
const ENVELOPE_BYTES = 1_024
/** Sent together when live: few, so that a sale is on its way at once. */
const LIVE_RECORDS = 100
/** Sent together from a backlog: one signature for many, one place of the window for a tenth of a second's work. */
const BACKLOG_RECORDS = 250

interface Flight {
  readonly lane: Lane
  readonly first: number
  readonly last: number
  readonly live: boolean
  readonly sentAt: number
}

/** What the uplink has done since it started. */
export interface UplinkFigures {
  batches: number
  records: number
  stored: number
  retries: number
  refused: number
}

/** Sends what the spools hold: live records first, a backlog oldest first beside them, each until its receipt. */
export class Uplink {
  private readonly lanes: Lane[]
  private readonly carrier: Carrier
  private readonly log: Logger
  private readonly flights = new Map<string, Flight>()
  private readonly onNetwork: (up: boolean, reason: string) => void
  private turn = 0
  private isUp = false
  private connection = 0
  private pausedUntil = 0
  private retryPauseMs = RETRY_PAUSE_MS
  private pumping = false
  private again = false
  private timer: NodeJS.Timeout | undefined
  private wake: NodeJS.Timeout | undefined
  private stopped = false
  readonly figures: UplinkFigures = { batches: 0, records: 0, stored: 0, retries: 0, refused: 0 }

  constructor(options: {
    streams: readonly Stream[]
    carrier: Carrier
    log: Logger
    onNetwork: (up: boolean, reason: string) => void
  }) {
    this.lanes = options.streams.map((stream) => new Lane(stream))
    this.carrier = options.carrier
    this.log = options.log
    this.onNetwork = options.onNetwork
  }

  start(): void {
    for (const lane of this.lanes) lane.stream.spool.onDurable = () => this.pump()
    this.carrier.start({
      up: () => {
        this.isUp = true
        this.connection++
        for (const lane of this.lanes) lane.reconnect()
        this.onNetwork(true, '')
        this.pump()
      },
      down: (reason) => {
        this.isUp = false
        this.flights.clear()
        for (const lane of this.lanes) lane.disconnect()
        this.onNetwork(false, reason)
      },
      receipt: (text) => this.receive(text),
    })
    this.timer = setInterval(() => this.sweep(), SWEEP_MS)
  }

  /** Records that await a receipt. */
  get unsent(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.stream.spool.unsentCount, 0)
  }

  /** Sends whatever may be sent now. Cheap to call too often. */
  pump(): void {
    if (this.pumping) {
      this.again = true
      return
    }
    this.pumping = true
    void this.fill()
      .catch((error: unknown) => this.log.error({ err: error }, '上行出错 / the uplink failed'))
      .finally(() => {
        this.pumping = false
        if (this.again) {
          this.again = false
          this.pump()
        }
      })
  }

  private async fill(): Promise<void> {
    while (this.isUp && !this.stopped && this.flights.size < WINDOW) {
      const pause = this.pausedUntil - performance.now()
      if (pause > 0) {
        this.wakeIn(pause)
        return
      }
      const chosen = this.choose()
      if (!chosen) return
      await this.sendFrom(chosen.lane, chosen.turn)
    }
  }

  private wakeIn(delayMs: number): void {
    this.wake ??= setTimeout(() => {
      this.wake = undefined
      this.pump()
    }, delayMs)
  }

  /** Live before backlog; among equals each stream in its turn. */
  private choose(): { lane: Lane; turn: Turn } | undefined {
    const now = performance.now()
    const backlogFlights = [...this.flights.values()].filter((flight) => !flight.live).length
    for (const kind of ['live', 'backlog'] as const) {
      if (kind === 'backlog' && backlogFlights >= WINDOW - LIVE_PLACES) return undefined
      for (let i = 0; i < this.lanes.length; i++) {
        const lane = this.lanes[(this.turn + i) % this.lanes.length]!
        const turn = lane.next(kind, now)
        if (!turn) continue
        this.turn = (this.turn + i + 1) % this.lanes.length
        return { lane, turn }
      }
    }
    return undefined
  }

  private async sendFrom(lane: Lane, turn: Turn): Promise<void> {
    const { county, device, channel, spool, keys } = lane.stream
    const connection = this.connection
    const { signer, last } = keys.signerFor(turn.first)
    const records = Math.min(
      turn.live ? LIVE_RECORDS : BACKLOG_RECORDS,
      turn.last - turn.first + 1,
      last - turn.first + 1,
    )
    const read = await spool.read(turn.first, {
      records,
      bytes: format.BATCH_LIMITS.bytes - ENVELOPE_BYTES,
    })
    if (!this.isUp || connection !== this.connection) return
    if (!read.ok) {
      this.log.error(
        { device, channel, problem: read.problem },
        '本地记录读不出 / a record cannot be read back',
      )
      return
    }
    const slice = read.value
    const head = toHex(slice.head)
    const end = slice.first + slice.lines.length - 1
    const { first, lines } = slice
    const bytes = format.encodeBatch(
      { county, device, channel, first, before: toHex(slice.before), head, lines },
      signer,
    )
    lane.depart(first, end)
    this.flights.set(flightKey(device, channel, first, head), {
      lane,
      first,
      last: end,
      live: turn.live,
      sentAt: performance.now(),
    })
    this.figures.batches++
    this.figures.records += lines.length
    this.carrier.send(bytes)
  }

  private receive(text: string): void {
    const receipt = format.decodeReceipt(text)
    if (!receipt.ok) {
      this.log.warn({ problem: receipt.problem }, '回执格式错误 / a receipt is malformed')
      return
    }
    const { device, channel, first, head, outcome, code, detail } = receipt.value
    const key = flightKey(device, channel, first, head)
    const flight = this.flights.get(key)
    // Late (it was sent again meanwhile) or another's: the spool believes only what it waits for.
    if (!flight) return
    this.flights.delete(key)
    flight.lane.arrive(flight.first, flight.last)
    if (outcome === 'stored') {
      this.retryPauseMs = RETRY_PAUSE_MS
      this.figures.stored += flight.last - flight.first + 1
      flight.lane.accepted()
      flight.lane.stream.spool.acknowledge(flight.first, flight.last)
    } else if (outcome === 'retry') {
      this.figures.retries++
      this.pausedUntil = performance.now() + this.retryPauseMs * (0.5 + Math.random() / 2)
      this.retryPauseMs = Math.min(LONGEST_RETRY_PAUSE_MS, this.retryPauseMs * 2)
    } else {
      this.figures.refused++
      const pauseMs = flight.lane.refused(code ?? 'INTERNAL', performance.now())
      const words = {
        zh: explainProblem({ code: code ?? 'INTERNAL', detail: '' }, 'zh'),
        en: explainProblem({ code: code ?? 'INTERNAL', detail: '' }, 'en'),
      }
      this.log.error(
        { device, channel, first, last: flight.last, code, detail: detail?.slice(0, 200), pauseMs, ...words },
        '平台拒收,记录保留,该通道暂停 / the platform refused; the records are kept, the channel pauses',
      )
    }
    this.pump()
  }

  /** Takes back what waited too long for its receipt; wakes lanes whose pause is over. */
  private sweep(): void {
    const limit = performance.now() - RECEIPT_TIMEOUT_MS
    let late = 0
    for (const [key, flight] of this.flights) {
      if (flight.sentAt > limit) continue
      late++
      this.flights.delete(key)
      flight.lane.arrive(flight.first, flight.last)
    }
    if (late > 0) this.carrier.reset(`${late} batches without receipt`)
    this.pump()
  }

  /** Waits until all live records have receipts, at most `patienceMs`, then closes the connection. */
  async stop(patienceMs: number): Promise<void> {
    const deadline = performance.now() + patienceMs
    while (this.isUp && performance.now() < deadline && this.lanes.some((lane) => lane.hasLive))
      await new Promise((resolve) => setTimeout(resolve, 20))
    this.stopped = true
    clearInterval(this.timer)
    clearTimeout(this.wake)
    await this.carrier.stop()
  }
}

function flightKey(device: string, channel: string, first: number, head: string): string {
  return `${device} ${channel} ${first} ${head}`
}
