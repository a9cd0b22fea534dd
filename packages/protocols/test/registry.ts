import { ok, type Result } from '@oiltrail/kernel'
import fc from 'fast-check'
import * as taxport from '../src/taxport/index.ts'
import * as tls from '../src/tls350/index.ts'

/** Takes values out of a byte stream. */
export interface Stream {
  feed(bytes: Uint8Array): Result<unknown>[]
  finish(): Result<unknown>[]
}

/** One direction of one message: what the conformance suite walks over. A new message is one more line below. */
export interface Subject {
  readonly name: string
  readonly values: fc.Arbitrary<unknown>
  write(value: unknown): Uint8Array
  open(): Stream
  /** Whether a check byte or checksum covers the bytes. */
  readonly checked: boolean
  /** Bytes at the end that silence can stand for. */
  readonly optionalEndBytes: number
  /** A byte that begins a message; junk without it can be told from a message at once. */
  readonly firstByte: number
}

function subject<T>(parts: {
  name: string
  values: fc.Arbitrary<T>
  write(value: T): Uint8Array
  open(): Stream
  checked: boolean
  optionalEndBytes?: number
  firstByte: number
}): Subject {
  return { optionalEndBytes: 0, ...parts, write: (value) => parts.write(value as T) }
}

const byte = fc.integer({ min: 0, max: 255 })
const digits = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`))
const shortText = (length: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^([ -~]{0,${length - 1}}[!-~])?$`))
const count = (width: number, scale = 1): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 10 ** width - 1 }).map((ticks) => ticks * scale)
const price = count(4)

function answers<T>(value: fc.Arbitrary<T>): fc.Arbitrary<taxport.Answer<T>> {
  const filled = fc.record({ status: fc.integer({ min: 1, max: 255 }), value })
  return fc.oneof(fc.constant({ status: 0 }), filled, filled, filled)
}

const tax = fc.record({
  gunCodes: shortText(2),
  taxpayerNumber: shortText(20),
  oilCode: digits(4),
  boardClock: digits(12),
})
const boardInfoAnswers: fc.Arbitrary<taxport.Answer<taxport.BoardInfo>> = fc.oneof(
  fc.record({ status: fc.constant(0), value: fc.record({ factoryNumber: shortText(10) }) }),
  fc.record({
    status: fc.integer({ min: 1, max: 255 }),
    value: fc.record({ factoryNumber: shortText(10), tax }),
  }),
)

function taxportSubjects<Q, A>(
  message: taxport.TaxportMessage<Q, A>,
  requests: fc.Arbitrary<Q>,
  replies: fc.Arbitrary<taxport.Answer<A>>,
): Subject[] {
  const firstByte = taxport.PREAMBLE
  const request = subject({
    name: `tax port ${message.name} request`,
    values: requests,
    write: message.writeRequest,
    open: () => {
      const decoder = new taxport.FrameDecoder()
      const read = (events: taxport.FrameEvent[]): Result<Q>[] =>
        events.map((event) => (event.ok ? message.readRequest(event.value) : event))
      return { feed: (bytes) => read(decoder.feed(bytes)), finish: () => read(decoder.finish()) }
    },
    checked: true,
    firstByte,
  })
  const replySubjects = taxport.DIALECTS.map((dialect) =>
    subject({
      name: `tax port ${message.name} answer, ${dialect.name}`,
      values: replies,
      write: (answer) => message.writeAnswer(answer, dialect),
      open: () => new taxport.Reply(message, dialect),
      checked: true,
      firstByte,
    }),
  )
  return [request, ...replySubjects]
}

const consoleAt = fc
  .integer({ min: 0, max: 52_596_000 })
  .map((minutes) => Date.UTC(1999, 11, 31, 16) + minutes * 60_000)
const float = fc.float({ noNaN: true })
const tank = fc.integer({ min: 0, max: 99 })
const product = fc.stringMatching(/^[ -~]$/)

function floats<N extends string>(table: readonly N[]): fc.Arbitrary<tls.Floats<N>> {
  return fc.array(float, { maxLength: table.length + 4 }).map((values) => ({
    named: Object.fromEntries(table.slice(0, values.length).map((name, i) => [name, values[i]])) as Partial<
      Record<N, number>
    >,
    more: values.slice(table.length),
  }))
}

function delivery<N extends string>(table: readonly N[]) {
  return fc.record({ startedAt: consoleAt, endedAt: consoleAt, floats: floats(table) })
}

function tlsSubjects<T>(report: tls.TlsReport<T>, items: fc.Arbitrary<T>): Subject[] {
  const answer = subject<tls.Report<T>>({
    name: `TLS ${report.functionCode} answer`,
    values: fc.record({ tank, consoleAt, items: fc.array(items, { maxLength: 4 }) }),
    write: report.writeAnswer,
    open: () => {
      const decoder = new tls.AnswerDecoder()
      const read = (events: tls.TextEvent[]): Result<unknown>[] =>
        events.map((event) => (event.ok ? report.readAnswer(event.value) : event))
      return { feed: (bytes) => read(decoder.feed(bytes)), finish: () => read(decoder.finish()) }
    },
    checked: true,
    firstByte: tls.SOH,
  })
  const command = subject<{ tank: number; securityCode: string | undefined }>({
    name: `TLS ${report.functionCode} command`,
    values: fc.record({
      tank,
      securityCode: fc.option(fc.stringMatching(/^[0-9A-Z]{6}$/), { nil: undefined }),
    }),
    write: (value) => report.writeRequest(value.tank, value.securityCode),
    open: () => {
      const decoder = new tls.CommandDecoder()
      const read = (events: tls.TextEvent[]): Result<unknown>[] =>
        events.map((event) => {
          if (!event.ok) return event
          const found = tls.readCommand(event.value)
          if (!found.ok) return found
          const asked = report.readRequest(found.value)
          return asked.ok ? ok({ tank: asked.value, securityCode: found.value.securityCode }) : asked
        })
      return { feed: (bytes) => read(decoder.feed(bytes)), finish: () => read(decoder.finish()) }
    },
    checked: false,
    optionalEndBytes: 2,
    firstByte: tls.SOH,
  })
  return [command, answer]
}

const gun = byte
const returnMode = byte
const two = fc.integer({ min: 0, max: 99 })

/** Every message of every wire format that travels as a byte stream. */
export const SUBJECTS: readonly Subject[] = [
  ...taxportSubjects(taxport.boardInfo, fc.record({ gun }), boardInfoAnswers),
  ...taxportSubjects(
    taxport.lastSale,
    fc.record({ gun, returnMode }),
    answers(
      fc.record({
        boardTime: digits(6),
        volumeMillilitres: count(6, 10),
        amountFen: count(6),
        priceFenPerLitre: price,
      }),
    ),
  ),
  ...taxportSubjects(
    taxport.dayTotal,
    fc.record({ gun, date: digits(8), returnMode }),
    answers(
      fc.record({
        date: digits(8),
        volumeMillilitres: count(8, 10),
        amountFen: count(8),
        priceFenPerLitre: price,
      }),
    ),
  ),
  ...taxportSubjects(
    taxport.monthTotal,
    fc.record({ gun, month: digits(6), returnMode }),
    answers(fc.record({ month: digits(6), volumeMillilitres: count(9, 10), amountFen: count(9) })),
  ),
  ...taxportSubjects(
    taxport.grandTotal,
    fc.record({ gun, queryMode: byte, returnMode }),
    answers(
      fc.record({
        volumeMillilitres: fc.maxSafeNat().map((n) => (n % 10 ** 12) * 10),
        amountFen: fc.maxSafeNat().map((n) => n % 10 ** 12),
      }),
    ),
  ),
  ...tlsSubjects(
    tls.systemAlarms,
    fc.record({ category: fc.integer({ min: 1, max: 99 }), type: two, number: two }),
  ),
  ...tlsSubjects(
    tls.inventory,
    fc.record({
      tank,
      product,
      statusBits: fc.integer({ min: 0, max: 0xffff }),
      floats: floats(tls.INVENTORY_FLOATS),
    }),
  ),
  ...[tls.deliveries, tls.lastDelivery].flatMap((report) =>
    tlsSubjects(
      report,
      fc.record({ tank, product, deliveries: fc.array(delivery(tls.DELIVERY_FLOATS), { maxLength: 3 }) }),
    ),
  ),
  ...tlsSubjects(tls.tankAlarms, fc.record({ tank, types: fc.array(two, { maxLength: 20 }) })),
  ...tlsSubjects(
    tls.adjustedDeliveries,
    fc.record({ tank, deliveries: fc.array(delivery(tls.ADJUSTED_DELIVERY_FLOATS), { maxLength: 3 }) }),
  ),
]
