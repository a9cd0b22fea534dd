import { concatBytes, ok, type Problem, type Result, refuse } from '@oiltrail/kernel'

/** First byte of every frame of the tax-control port (税控口). */
export const PREAMBLE = 0xbb
/** Frame number (RFN) a collector sends and a board echoes. */
export const FRAME_NUMBER = 0xff
/** LEN counts frame number, command and check byte at least. */
const SHORTEST_LENGTH = 3
/**
 * Largest LEN believed. The longest frame known carries 31 characters (LEN 35); a larger LEN is line noise, and
 * waiting for up to 255 bytes of it would hold back the real answer behind it.
 */
export const LONGEST_LENGTH = 64
/** Preamble, LEN and what LEN counts: the most a decoder keeps of an unfinished frame. */
export const LONGEST_FRAME_BYTES: number = 2 + LONGEST_LENGTH

/** One frame, either direction: `BB LEN RFN CMD body XOR`. In an answer the body begins with STATUS. */
export interface Frame {
  readonly frameNumber: number
  readonly command: number
  /** What stands between command and check byte. */
  readonly body: Uint8Array
}

/** What a decoder found: a frame whose check byte is right, or why some bytes are not one. */
export type FrameEvent =
  | { readonly ok: true; readonly value: Frame }
  | { readonly ok: false; readonly problem: Problem }

/** XOR of RFN, CMD and body: the check byte (CCD). */
function checkByte(bytes: Uint8Array): number {
  let check = 0
  for (const byte of bytes) check ^= byte
  return check
}

/** Bytes of a frame. Throws RangeError when the body is longer than a frame can carry. */
export function writeFrame(frame: Frame): Uint8Array {
  const length = frame.body.length + SHORTEST_LENGTH
  if (length > LONGEST_LENGTH) throw new RangeError(`a body of ${frame.body.length} bytes`)
  const counted = concatBytes(Uint8Array.of(frame.frameNumber, frame.command), frame.body)
  return concatBytes(Uint8Array.of(PREAMBLE, length), counted, Uint8Array.of(checkByte(counted)))
}

/** Reads exactly one frame. Refuses MALFORMED, OVERSIZED, BAD_CHECKSUM, TRAILING_BYTES. */
export function readFrame(bytes: Uint8Array): Result<Frame> {
  const length = bytes[1]
  if (bytes[0] !== PREAMBLE || length === undefined || length < SHORTEST_LENGTH)
    return refuse('MALFORMED', 'not the beginning of a frame')
  if (length > LONGEST_LENGTH) return refuse('OVERSIZED', `LEN ${length}; at most ${LONGEST_LENGTH}`)
  if (bytes.length < 2 + length)
    return refuse('MALFORMED', `cut short: ${bytes.length} of ${2 + length} bytes`)
  if (bytes.length > 2 + length)
    return refuse('TRAILING_BYTES', `${bytes.length - 2 - length} bytes too many`)
  const counted = bytes.subarray(2, 1 + length)
  const [found, expected] = [bytes[1 + length]!, checkByte(counted)]
  if (found !== expected) return refuse('BAD_CHECKSUM', `check byte ${found}, computed ${expected}`)
  return ok({ frameNumber: counted[0]!, command: counted[1]!, body: counted.slice(2) })
}

/**
 * Takes frames out of a byte stream, whatever its chunks. After junk or a damaged frame it searches on from the byte
 * behind the false preamble; each such stretch is reported once. Keeps at most {@link LONGEST_FRAME_BYTES} bytes.
 */
export class FrameDecoder {
  private kept: Uint8Array = new Uint8Array(0)
  private inJunk = false

  /** Bytes waiting for the rest of their frame. */
  get pendingBytes(): number {
    return this.kept.length
  }

  /** Adds bytes; returns what they completed, in order. */
  feed(bytes: Uint8Array): FrameEvent[] {
    return this.scan(bytes, false)
  }

  /** The line fell silent: what waits will not be completed. Frames hidden behind a false preamble still come out. */
  finish(): FrameEvent[] {
    const events = this.scan(new Uint8Array(0), true)
    this.inJunk = false
    return events
  }

  private scan(bytes: Uint8Array, silent: boolean): FrameEvent[] {
    const all = this.kept.length === 0 ? bytes : concatBytes(this.kept, bytes)
    const events: FrameEvent[] = []
    let at = 0
    while (at < all.length) {
      const rest = all.length - at
      const length = all[at] === PREAMBLE ? all[at + 1] : 0
      if (
        length === undefined ||
        (length <= LONGEST_LENGTH && rest < 2 + length && length >= SHORTEST_LENGTH)
      ) {
        if (!silent) break
        at += this.junk(events, refuse('MALFORMED', `a frame cut short after ${rest} bytes`))
        continue
      }
      const frame = readFrame(all.subarray(at, at + 2 + length))
      if (frame.ok) {
        events.push(frame)
        this.inJunk = false
        at += 2 + length
      } else at += this.junk(events, frame)
    }
    this.kept = all.slice(at)
    return events
  }

  /** Reports a stretch of junk at its first byte; returns the bytes to skip. */
  private junk(events: FrameEvent[], refusal: { ok: false; problem: Problem }): 1 {
    if (!this.inJunk) events.push(refusal)
    this.inJunk = true
    return 1
  }
}
