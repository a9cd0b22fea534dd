import { concatBytes, ok, type Result, refuse } from '@oiltrail/kernel'
import type { Continuation, Dialect } from './dialects.ts'
import { type Layout, layoutBytes, readLayout, writeLayout } from './fields.ts'
import type { Frame } from './frame.ts'
import { type Answer, expectCommand, frameOf, requestCodec, type TaxportMessage } from './message.ts'

/** Asks a board who it is. */
export interface BoardInfoRequest {
  /** Gun number as the board counts them, from 1. */
  readonly gun: number
}

/** What the tax memory of an initialised board says. */
export interface TaxMemory {
  /** Two characters of unknown coding. */
  readonly gunCodes: string
  /** Taxpayer number, at most 20 characters. */
  readonly taxpayerNumber: string
  /** Oil code, four digits, for example 1020 for 92. */
  readonly oilCode: string
  /** The board's clock, `YYYYMMDDhhmm`. */
  readonly boardClock: string
}

/** Who the board is. A board that was never initialised knows only its factory number. */
export interface BoardInfo {
  /** Ten characters; the first tells the maker. */
  readonly factoryNumber: string
  readonly tax?: TaxMemory
}

const COMMAND = 0x83
const FACTORY_NUMBER_BYTES = 10
/** Characters of the taxpayer number that the first frame carries; the rest opens the second. */
const SPLIT = 19

const REQUEST: Layout<BoardInfoRequest> = [{ name: 'gun', type: 'byte' }]

const UNINITIALISED: Layout<{ factoryNumber: string }> = [
  { name: 'factoryNumber', type: 'text', width: FACTORY_NUMBER_BYTES },
]

/** The data of both frames joined: 48 characters. */
const INITIALISED: Layout<TaxMemory & { factoryNumber: string }> = [
  { name: 'factoryNumber', type: 'text', width: FACTORY_NUMBER_BYTES },
  { name: 'gunCodes', type: 'text', width: 2 },
  { name: 'taxpayerNumber', type: 'text', width: 20 },
  { name: 'oilCode', type: 'digits', width: 4 },
  { name: 'boardClock', type: 'digits', width: 12 },
]

const FIRST_BYTES = FACTORY_NUMBER_BYTES + 2 + SPLIT
const SECOND_BYTES = layoutBytes(INITIALISED) - FIRST_BYTES

/** 0x83 tax information (税务信息): answered in two frames, or in one by a board that was never initialised. */
export const boardInfo: TaxportMessage<BoardInfoRequest, BoardInfo> = {
  command: COMMAND,
  name: 'board info',
  ...requestCodec(COMMAND, REQUEST),
  framesExpected: (first) => (first.body.length === 1 + FIRST_BYTES ? 2 : 1),
  writeAnswer({ status, value }, dialect) {
    if (value === undefined || (status === 0) !== (value.tax === undefined))
      throw new RangeError(
        'board info has a factory number, and a tax memory exactly when its status is not 0',
      )
    if (value.tax === undefined)
      return frameOf(COMMAND, Uint8Array.of(status), writeLayout(UNINITIALISED, value, dialect.padding))
    const data = writeLayout(
      INITIALISED,
      { ...value.tax, factoryNumber: value.factoryNumber },
      dialect.padding,
    )
    const [form] = dialect.infoContinuations
    return concatBytes(
      frameOf(COMMAND, Uint8Array.of(status), data.subarray(0, FIRST_BYTES)),
      frameOf(
        COMMAND,
        Uint8Array.from(form.status ? [status] : []),
        data.subarray(FIRST_BYTES),
        new Uint8Array(form.reservedBytes).fill(0x30),
      ),
    )
  },
  readAnswer: readBoardInfo,
}

function readBoardInfo(frames: readonly Frame[], dialect: Dialect): Result<Answer<BoardInfo>> {
  for (const frame of frames) {
    const expected = expectCommand(frame, COMMAND)
    if (!expected.ok) return expected
  }
  const [first, second] = frames
  const status = first?.body[0]
  if (!first || status === undefined) return refuse('MALFORMED', 'an answer without STATUS')
  const expected = boardInfo.framesExpected(first)
  if (frames.length !== expected)
    return refuse('MALFORMED', `${frames.length} frames, ${expected} expected`, 'frames')
  const data = first.body.subarray(1)
  if (!second) {
    if (status !== 0) return refuse('MALFORMED', `STATUS ${status} without tax memory`)
    const bare = readLayout(UNINITIALISED, data, dialect.padding)
    return bare.ok ? ok({ status, value: bare.value }) : bare
  }
  if (status === 0) return refuse('MALFORMED', 'STATUS 0 with a tax memory')
  const form = dialect.infoContinuations.find((c) => continuationBytes(c) === second.body.length)
  if (!form) return refuse('MALFORMED', `a second frame of ${second.body.length} bytes`, 'frames')
  if (form.status && second.body[0] !== status)
    return refuse('MALFORMED', 'the two frames have different STATUS', 'frames')
  const from = form.status ? 1 : 0
  const joined = concatBytes(data, second.body.subarray(from, from + SECOND_BYTES))
  const read = readLayout(INITIALISED, joined, dialect.padding)
  if (!read.ok) return read
  const { factoryNumber, ...tax } = read.value
  return ok({ status, value: { factoryNumber, tax } })
}

function continuationBytes(form: Continuation): number {
  return (form.status ? 1 : 0) + SECOND_BYTES + form.reservedBytes
}
