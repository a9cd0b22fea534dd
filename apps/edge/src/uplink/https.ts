import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type Carrier, type CarrierEvents, reconnectPauseMs } from './carrier.ts'

const ANSWER_TIMEOUT_MS = 30_000
/** Connections kept to the platform; batches beyond them queue in the agent, bounded by the uplink's window. */
const CONNECTIONS = 8
const MAX_RECEIPT_BYTES = 8_192

/** Batches by `POST /uplink`; the answer is the receipt. For networks that let nothing but the web through. */
export class HttpCarrier implements Carrier {
  private readonly url: URL
  private readonly agent: HttpAgent
  private readonly ca: Buffer | undefined
  private events: CarrierEvents | undefined
  private attempt = 0
  private up = false
  private stopped = false
  private timer: NodeJS.Timeout | undefined

  constructor(options: { url: string; ca?: Buffer | undefined }) {
    this.url = new URL('/uplink', options.url)
    this.ca = options.ca
    const agent = { keepAlive: true, maxSockets: CONNECTIONS }
    this.agent = this.url.protocol === 'https:' ? new HttpsAgent(agent) : new HttpAgent(agent)
  }

  start(events: CarrierEvents): void {
    this.events = events
    this.rise()
  }

  private rise(): void {
    if (this.stopped) return
    this.up = true
    this.events?.up()
  }

  send(batch: Uint8Array): void {
    const make = this.url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = make(
      this.url,
      {
        method: 'POST',
        agent: this.agent,
        timeout: ANSWER_TIMEOUT_MS,
        headers: { 'content-type': 'application/octet-stream', 'content-length': batch.length },
        ...(this.ca ? { ca: this.ca } : {}),
      },
      (response) => {
        const parts: Buffer[] = []
        let length = 0
        response.on('data', (part: Buffer) => {
          length += part.length
          if (length <= MAX_RECEIPT_BYTES) parts.push(part)
        })
        response.on('error', (error) => this.fall(error.message))
        response.on('end', () => {
          this.attempt = 0
          this.events?.receipt(Buffer.concat(parts).toString('utf8'))
        })
      },
    )
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', (error) => this.fall(error.message))
    request.end(batch)
  }

  private fall(reason: string): void {
    if (!this.up || this.stopped) return
    this.up = false
    this.events?.down(reason)
    this.timer = setTimeout(() => this.rise(), reconnectPauseMs(this.attempt++, Math.random()))
  }

  reset(reason: string): void {
    this.fall(reason)
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    this.agent.destroy()
  }
}
