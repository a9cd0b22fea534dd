import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { uplink } from '@oiltrail/protocols'
import type { Logger } from 'pino'
import { readAuthority } from './authority.ts'
import { type Carrier, type CarrierEvents, reconnectPauseMs } from './carrier.ts'
import { FailureLog } from './failure.ts'

const ANSWER_TIMEOUT_MS = 30_000
/** Whether the platform is there at all is known sooner than what it says of a batch. */
const PROBE_TIMEOUT_MS = 10_000
/** Connections kept to the platform; batches beyond them queue in the agent, bounded by the uplink's window. */
const CONNECTIONS = 8
const MAX_RECEIPT_BYTES = 8_192

/** One answer of the platform. */
interface Answer {
  readonly status: number
  readonly text: string
}

/**
 * Batches by `POST /uplink`; the answer is the receipt. For networks that let nothing but the web through. Up from an
 * answer to `GET /healthz` until anything goes wrong: a platform that nobody reached was never connected.
 */
export class HttpCarrier implements Carrier {
  private readonly url: URL
  private readonly caFile: string | undefined
  private readonly failures: FailureLog
  private readonly secure: boolean
  private agent: HttpAgent
  private events: CarrierEvents | undefined
  private readonly open = new Set<ClientRequest>()
  private attempt = 0
  private up = false
  private stopped = false
  private timer: NodeJS.Timeout | undefined

  constructor(options: {
    url: string
    /** PEM file of the platform's authority; the public ones when absent. */
    caFile?: string | undefined
    log: Logger
  }) {
    this.url = new URL('/uplink', options.url)
    this.secure = this.url.protocol === 'https:'
    this.caFile = options.caFile
    this.failures = new FailureLog(options.log, options.url)
    this.agent = new HttpAgent()
  }

  start(events: CarrierEvents): void {
    this.events = events
    this.rise()
  }

  /** Asks whether the platform is there. Any answer but a failure of its own or of a proxy will do. */
  private rise(): void {
    if (this.stopped) return
    const authority = this.secure && this.caFile !== undefined ? readAuthority(this.caFile) : undefined
    if (authority && !authority.ok) {
      this.fall(new Error(authority.problem.detail))
      return
    }
    const agent = { keepAlive: true, maxSockets: CONNECTIONS }
    this.agent.destroy()
    this.agent = this.secure
      ? new HttpsAgent({ ...agent, ...(authority ? { ca: authority.value } : {}) })
      : new HttpAgent(agent)
    this.ask(new URL('/healthz', this.url), 'GET', undefined, PROBE_TIMEOUT_MS, ({ status }) => {
      if (status >= 500) {
        this.fall(new Error(`HTTP ${status}`))
        return
      }
      this.attempt = 0
      this.up = true
      this.failures.succeeded()
      this.events?.up()
    })
  }

  send(batch: Uint8Array): void {
    if (!this.up) return
    this.ask(this.url, 'POST', batch, ANSWER_TIMEOUT_MS, ({ status, text }) => {
      // A proxy's page, or somebody who is no platform: what was sent has no receipt and is sent again.
      if (uplink.decodeReceipt(text).ok) this.events?.receipt(text)
      else this.fall(new Error(`HTTP ${status}, 应答不是回执 / the answer is no receipt`))
    })
  }

  /** One request. Its answer is told only while the connection that it began on is still believed in. */
  private ask(
    url: URL,
    method: string,
    body: Uint8Array | undefined,
    timeoutMs: number,
    told: (answer: Answer) => void,
  ): void {
    const request = (this.secure ? httpsRequest : httpRequest)(url, {
      method,
      agent: this.agent,
      timeout: timeoutMs,
      headers: body ? { 'content-type': 'application/octet-stream', 'content-length': body.length } : {},
    })
    this.open.add(request)
    const failed = (error: Error): void => {
      if (this.open.delete(request)) this.fall(error)
    }
    request.on('response', (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('data', (part: Buffer) => {
        length += part.length
        if (length <= MAX_RECEIPT_BYTES) parts.push(part)
      })
      response.on('error', failed)
      response.on('end', () => {
        if (!this.open.delete(request)) return
        told({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') })
      })
    })
    request.on('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
    request.on('error', failed)
    request.end(body)
  }

  private fall(error: Error): void {
    if (this.stopped) return
    const was = this.up
    this.up = false
    for (const request of [...this.open]) {
      this.open.delete(request)
      request.destroy()
    }
    this.failures.failed(error)
    if (was) this.events?.down(error.message)
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.rise(), reconnectPauseMs(this.attempt++, Math.random()))
  }

  reset(reason: string): void {
    if (this.up) this.fall(new Error(reason))
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    for (const request of this.open) request.destroy()
    this.open.clear()
    this.agent.destroy()
  }
}
