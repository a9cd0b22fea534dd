import { concatBytes, ok, type Result, refuse } from '@oiltrail/kernel'
import type { Dialect } from './dialects.ts'
import { type Layout, layoutBytes, readLayout, writeLayout } from './fields.ts'
import { FRAME_NUMBER, type Frame, writeFrame } from './frame.ts'

/**
 * A board's answer. STATUS 0 means that it has nothing to say (no sale today, not initialised); any other STATUS
 * comes with the value. The numbers beyond 0 and 1 are not documented and kept as they are.
 */
export interface Answer<T> {
  readonly status: number
  readonly value?: T
}

/** STATUS of an ordinary answer with data. */
export const STATUS_DATA = 1
/** STATUS of an answer without data. */
export const STATUS_NOTHING = 0

/** One command of the port: request and answer, read and write, side by side. Reads refuse; writes throw RangeError. */
export interface TaxportMessage<Q, A> {
  /** Command code, the CMD byte of both directions. */
  readonly command: number
  readonly name: string
  writeRequest(request: Q): Uint8Array
  /** Refuses UNKNOWN_KIND for another command, MALFORMED for a wrong body. */
  readRequest(frame: Frame): Result<Q>
  /** All frames of the answer, one behind the other. */
  writeAnswer(answer: Answer<A>, dialect: Dialect): Uint8Array
  /** How many frames make the answer that begins with this one. */
  framesExpected(first: Frame): number
  /** Refuses UNKNOWN_KIND for another command, MALFORMED for a wrong body or number of frames. */
  readAnswer(frames: readonly Frame[], dialect: Dialect): Result<Answer<A>>
}

/** Refuses a frame of another command. */
export function expectCommand(frame: Frame, command: number): Result<Frame> {
  if (frame.command === command) return ok(frame)
  return refuse('UNKNOWN_KIND', `command 0x${frame.command.toString(16)}, 0x${command.toString(16)} expected`)
}

/** Bytes of a frame as a collector or a board sends it. */
export function frameOf(command: number, ...body: readonly Uint8Array[]): Uint8Array {
  return writeFrame({ frameNumber: FRAME_NUMBER, command, body: concatBytes(...body) })
}

/** Writes and reads requests by their layout. Requests are binary bytes and zero-padded digits in all dialects. */
export function requestCodec<Q>(
  command: number,
  layout: Layout<Q>,
): Pick<TaxportMessage<Q, never>, 'writeRequest' | 'readRequest'> {
  return {
    writeRequest: (request) => frameOf(command, writeLayout(layout, request, '0')),
    readRequest(frame) {
      const expected = expectCommand(frame, command)
      return expected.ok ? readLayout(layout, frame.body, '0') : expected
    },
  }
}

/** A message whose answer is one frame: STATUS and a body by the dialect's layout. */
export function singleFrameMessage<Q, A>(
  command: number,
  name: string,
  request: Layout<Q>,
  answer: (dialect: Dialect) => Layout<A>,
): TaxportMessage<Q, A> {
  return {
    command,
    name,
    ...requestCodec(command, request),
    framesExpected: () => 1,
    writeAnswer({ status, value }, dialect) {
      if ((status === STATUS_NOTHING) !== (value === undefined))
        throw new RangeError('an answer has a value exactly when its status is not 0')
      const body =
        value === undefined ? new Uint8Array(0) : writeLayout(answer(dialect), value, dialect.padding)
      return frameOf(command, Uint8Array.of(status), body)
    },
    readAnswer(frames, dialect) {
      const [frame] = frames
      if (!frame || frames.length !== 1) return refuse('MALFORMED', `${frames.length} frames, 1 expected`)
      const expected = expectCommand(frame, command)
      if (!expected.ok) return expected
      const status = frame.body[0]
      if (status === undefined) return refuse('MALFORMED', 'an answer without STATUS')
      const data = frame.body.subarray(1)
      const layout = answer(dialect)
      if (status === STATUS_NOTHING) {
        // Some boards fill the place of the data, some leave it out: either length is right, no other.
        if (data.length === 0 || data.length === layoutBytes(layout)) return ok({ status })
        return refuse('MALFORMED', `STATUS 0 with ${data.length} bytes of data`)
      }
      const value = readLayout(layout, data, dialect.padding)
      return value.ok ? ok({ status, value: value.value }) : value
    },
  }
}
