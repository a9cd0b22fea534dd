import { taxport } from '@oiltrail/protocols'
import type { BytePort } from './byteport.ts'
import { answered, type Exchange, lost } from './exchange.ts'
import { MOST_MILLILITRES_PER_MS, SHORTEST_GAP_MS } from './sale-meter.ts'

/** Real time for an answer: 60 bytes at 9600 baud take 63 ms, a serial server and a busy board take the rest. */
const ANSWER_TIMEOUT_MS = 800

/** The dialect of a configuration. Throws when it names none: the configuration is checked before anything starts. */
export function dialectOf(name: string): taxport.Dialect {
  const dialect = taxport.dialectNamed(name)
  if (!dialect) throw new Error(`unknown dialect ${name}`)
  return dialect
}

/** Asks one board on a port. */
export class TaxClient {
  private readonly port: BytePort
  private readonly dialect: taxport.Dialect

  constructor(port: BytePort, dialect: taxport.Dialect) {
    this.port = port
    this.dialect = dialect
  }

  /** One command. When no answer can be read it counts as silence, with its reason. */
  async ask<Q, A>(message: taxport.TaxportMessage<Q, A>, request: Q): Promise<Exchange<taxport.Answer<A>>> {
    const decoder = new taxport.FrameDecoder()
    const frames: taxport.Frame[] = []
    let refused = ''
    const listen = (bytes: Uint8Array): taxport.Answer<A> | undefined => {
      for (const event of decoder.feed(bytes)) {
        if (!event.ok) refused = `${event.problem.code} ${event.problem.detail}`
        // A late answer to an earlier command is not ours.
        else if (event.value.command === message.command) frames.push(event.value)
      }
      // What cannot be read is not the end: an adapter of a two-wire line gives back the question before the answer.
      for (; frames.length > 0; frames.shift()) {
        const expected = message.framesExpected(frames[0]!)
        if (frames.length < expected) return undefined
        const read = message.readAnswer(frames.slice(0, expected), this.dialect)
        if (read.ok) return read.value
        refused = `${read.problem.code} ${read.problem.detail}`
      }
      return undefined
    }
    const outcome = await this.port.exchange(message.writeRequest(request), listen, ANSWER_TIMEOUT_MS)
    return outcome.ok || !refused ? outcome : lost(outcome.loss, `${outcome.detail}; ${refused}`)
  }

  /** Grand totals of a gun (0x89). A board without any answers STATUS 0: both are 0 then. */
  async totals(gun: number): Promise<Exchange<taxport.GrandTotal>> {
    const answer = await this.ask(taxport.grandTotal, { gun, queryMode: 0, returnMode: 1 })
    if (!answer.ok) return answer
    return answered(answer.value.value ?? { volumeMillilitres: 0, amountFen: 0 })
  }

  /**
   * Grand totals of a gun, asked for twice when they are not those `known`: the check byte lets some noise through, and an
   * answer does not say which gun it is for. While oil flows the second may be a little ahead; it is the one that counts.
   */
  async provenTotals(
    gun: number,
    known: { readonly volumeMillilitres: number; readonly amountFen?: number } | undefined,
  ): Promise<Exchange<taxport.GrandTotal>> {
    const first = await this.totals(gun)
    if (!first.ok) return first
    const { volumeMillilitres, amountFen } = first.value
    const isKnown =
      volumeMillilitres === known?.volumeMillilitres && (known.amountFen ?? amountFen) === amountFen
    if (isKnown) return first
    const askedAt = performance.now()
    const second = await this.totals(gun)
    if (!second.ok) return second
    const grown = second.value.volumeMillilitres - volumeMillilitres
    const most = Math.max(performance.now() - askedAt, SHORTEST_GAP_MS) * MOST_MILLILITRES_PER_MS
    return grown >= 0 && grown <= most && second.value.amountFen >= amountFen
      ? second
      : lost(
          'silent',
          `gun ${gun} states two totals: ${volumeMillilitres} and ${second.value.volumeMillilitres}`,
        )
  }

  /** Total of a day (0x87), undefined when nothing was sold. An answer for another day is none. */
  async dayTotal(gun: number, date: string): Promise<Exchange<taxport.DayTotal | undefined>> {
    const answer = await this.ask(taxport.dayTotal, { gun, date, returnMode: 0 })
    if (!answer.ok) return answer
    const total = answer.value.value
    return total && total.date !== date
      ? lost('silent', `the day ${total.date} was answered, ${date} was asked`)
      : answered(total)
  }

  /** Last sale of a gun (0x86), undefined when there was none. */
  async lastSale(gun: number): Promise<Exchange<taxport.LastSale | undefined>> {
    const answer = await this.ask(taxport.lastSale, { gun, returnMode: 0 })
    return answer.ok ? answered(answer.value.value) : answer
  }
}
