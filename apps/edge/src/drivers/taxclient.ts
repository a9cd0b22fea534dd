import type { Result } from '@oiltrail/kernel'
import { taxport } from '@oiltrail/protocols'
import type { BytePort } from './byteport.ts'
import { answered, type Exchange, lost } from './exchange.ts'

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

  /** One command. An answer that cannot be read counts as silence, with its reason. */
  async ask<Q, A>(message: taxport.TaxportMessage<Q, A>, request: Q): Promise<Exchange<taxport.Answer<A>>> {
    const decoder = new taxport.FrameDecoder()
    const frames: taxport.Frame[] = []
    let refused = ''
    const listen = (bytes: Uint8Array): Result<taxport.Answer<A>> | undefined => {
      for (const event of decoder.feed(bytes)) {
        if (!event.ok) refused = `${event.problem.code} ${event.problem.detail}`
        // A late answer to an earlier command is not ours.
        else if (event.value.command === message.command) frames.push(event.value)
      }
      const [first] = frames
      if (!first || frames.length < message.framesExpected(first)) return undefined
      return message.readAnswer(frames, this.dialect)
    }
    const outcome = await this.port.exchange(message.writeRequest(request), listen, ANSWER_TIMEOUT_MS)
    if (!outcome.ok) return refused ? lost(outcome.loss, `${outcome.detail}; ${refused}`) : outcome
    const read = outcome.value
    return read.ok ? answered(read.value) : lost('silent', `${read.problem.code} ${read.problem.detail}`)
  }

  /** Grand totals of a gun (0x89). A board without any answers STATUS 0: both are 0 then. */
  async totals(gun: number): Promise<Exchange<taxport.GrandTotal>> {
    const answer = await this.ask(taxport.grandTotal, { gun, queryMode: 0, returnMode: 1 })
    if (!answer.ok) return answer
    return answered(answer.value.value ?? { volumeMillilitres: 0, amountFen: 0 })
  }

  /** Last sale of a gun (0x86), undefined when there was none. */
  async lastSale(gun: number): Promise<Exchange<taxport.LastSale | undefined>> {
    const answer = await this.ask(taxport.lastSale, { gun, returnMode: 0 })
    return answer.ok ? answered(answer.value.value) : answer
  }
}
