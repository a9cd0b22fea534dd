import { createReadStream } from 'node:fs'
import { EVIDENCE_LIMITS } from '@oiltrail/evidence'

const LF = 10
/** Read at once: a few lines of full batches. */
const CHUNK_BYTES = 1 << 20

/**
 * Feeds the lines of a file, without their line feeds, and answers whether the last one had one. A line above the limit
 * is fed cut, one byte longer than allowed, and ends the reading: the receiver refuses it. Throws when the file cannot
 * be read.
 */
export async function eachLine(path: string, take: (line: Uint8Array) => void): Promise<boolean> {
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const bytes: Uint8Array = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer)
    let start = 0
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      take(bytes.subarray(start, end))
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > EVIDENCE_LIMITS.lineBytes) {
      take(rest.subarray(0, EVIDENCE_LIMITS.lineBytes + 1))
      return false
    }
  }
  if (rest.length > 0) take(rest)
  return rest.length === 0
}
