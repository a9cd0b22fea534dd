import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isProblemCode } from '@oiltrail/kernel'
import { decodeReceipt } from '@oiltrail/protocols/uplink'
import type { LogRow } from '@oiltrail/store'
import type { ShareTarget } from './address.ts'

/** For the whole of an answer: one that only drips must not hold a lane for ever. */
const ANSWER_TIMEOUT_MS = 30_000
/** A receipt or an error answer; anything longer comes from something that is no platform. */
const MAX_ANSWER_BYTES = 65_536
const LONGEST_DETAIL = 300

/** What became of an entry at the target. */
export type Delivery =
  | { readonly outcome: 'stored' }
  /** The target will not take it as it is. */
  | { readonly outcome: 'refused'; readonly code: string; readonly detail: string }

/** Speaks to one other platform. Whatever is no answer of a platform is thrown, and means: try again later. */
export class ShareCarrier {
  private readonly target: ShareTarget
  private readonly agent: HttpAgent
  private readonly answerTimeoutMs: number

  constructor(target: ShareTarget, connections: number, answerTimeoutMs: number = ANSWER_TIMEOUT_MS) {
    this.target = target
    this.answerTimeoutMs = answerTimeoutMs
    const options = { keepAlive: true, maxSockets: connections }
    this.agent = target.url.startsWith('https:')
      ? new HttpsAgent({ ...options, minVersion: 'TLSv1.2', ...(target.ca ? { ca: target.ca } : {}) })
      : new HttpAgent(options)
  }

  /** Whether statements can be handed on. */
  get mayState(): boolean {
    return this.target.token !== undefined
  }

  /** Hands a batch on, byte for byte: it proves itself there as it did here. */
  async batch(entry: LogRow): Promise<Delivery> {
    const { status, text } = await this.post('/uplink', 'application/octet-stream', entry.raw)
    const receipt = decodeReceipt(text)
    if (!receipt.ok) throw new Error(`answer ${status} is no receipt: ${receipt.problem.detail}`)
    const { outcome, device, channel, first, last, code = '', detail = '' } = receipt.value
    if (outcome === 'retry') throw new Error(`asked to come again: ${code} ${kept(detail)}`)
    if (outcome === 'refused') {
      // Counted there but not stored: it stems the flow and judges nothing.
      if (code === 'TOO_MANY_REQUESTS') throw new Error('asked to come again: TOO_MANY_REQUESTS')
      return { outcome, code, detail: kept(detail) }
    }
    const same =
      device === entry.device &&
      channel === entry.channel &&
      first === entry.firstSeq &&
      last === entry.lastSeq
    if (!same) throw new Error(`the receipt is for ${device} ${channel} ${first} to ${last}`)
    return { outcome }
  }

  /** Hands on what people stated. A wrong token is thrown: a person must put it right, and nothing is skipped meanwhile. */
  async statement(entry: LogRow): Promise<Delivery> {
    const { status, text } = await this.post('/api/share/statements', 'application/json', entry.raw)
    if (status === 200) return { outcome: 'stored' }
    const problem = problemOf(text)
    // Handed on a second time after a crash, or never enrolled there: either way it may not speak there.
    if (entry.code === 'device-revoked' && problem?.code === 'NOT_FOUND') return { outcome: 'stored' }
    const final = status === 400 || status === 409 || status === 404
    if (!final || problem === undefined)
      throw new Error(`a statement was answered ${status} ${problem?.code ?? ''}`)
    return { outcome: 'refused', ...problem }
  }

  close(): void {
    this.agent.destroy()
  }

  private post(path: string, type: string, body: Uint8Array): Promise<{ status: number; text: string }> {
    const url = new URL(`${this.target.url}${path}`)
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest
    const { token } = this.target
    return new Promise((answer, failed) => {
      const late = setTimeout(() => request.destroy(new Error('no answer in time')), this.answerTimeoutMs)
      const broken = (error: Error): void => {
        clearTimeout(late)
        failed(error)
      }
      const request = make(
        url,
        {
          method: 'POST',
          agent: this.agent,
          headers: {
            'content-type': type,
            'content-length': body.length,
            ...(token === undefined || path === '/uplink' ? {} : { authorization: `Bearer ${token}` }),
          },
        },
        (response) => {
          const parts: Buffer[] = []
          let length = 0
          response.on('data', (part: Buffer) => {
            length += part.length
            if (length > MAX_ANSWER_BYTES)
              response.destroy(new Error('the answer is too long for a platform'))
            else parts.push(part)
          })
          response.on('error', broken)
          response.on('end', () => {
            clearTimeout(late)
            answer({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') })
          })
        },
      )
      request.on('error', broken)
      request.end(body)
    })
  }
}

/** What is kept of another platform's words: a NUL among them could not be stored, and would stop the hand-over. */
function kept(detail: unknown): string {
  return typeof detail === 'string' ? detail.replaceAll('\u0000', ' ').slice(0, LONGEST_DETAIL) : ''
}

function problemOf(text: string): { code: string; detail: string } | undefined {
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown }
    if (typeof code !== 'string' || !isProblemCode(code)) return undefined
    return { code, detail: kept(detail) }
  } catch {
    return undefined
  }
}
