import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Fact } from '@oiltrail/domain'
import type { Channel, DeviceId, EpochMs } from '@oiltrail/kernel'

interface Waiting {
  readonly at: EpochMs
  readonly line: string
}

/** Lines are written in pieces of about this many characters. */
const PIECE_CHARACTERS = 1_000_000

/** One `<device>.<channel>.jsonl`: facts by time, without sequence numbers. */
class HistoryFile {
  readonly path: string
  private readonly handle: number
  private waiting: Waiting[] = []
  records = 0

  constructor(path: string) {
    this.path = path
    this.handle = openSync(path, 'w')
  }

  add(at: EpochMs, fact: Fact): void {
    this.waiting.push({ at, line: JSON.stringify({ at, ...fact }) })
    this.records += 1
  }

  /** Writes, in order of time, what lies before a moment. Equal times keep the order in which they were added. */
  flush(before: EpochMs): void {
    const due = this.waiting.filter((entry) => entry.at < before).sort((a, b) => a.at - b.at)
    this.waiting = this.waiting.filter((entry) => entry.at >= before)
    let piece = ''
    for (const { line } of due) {
      piece += `${line}\n`
      if (piece.length >= PIECE_CHARACTERS) {
        writeSync(this.handle, piece)
        piece = ''
      }
    }
    if (piece) writeSync(this.handle, piece)
  }

  close(): void {
    this.flush(Number.POSITIVE_INFINITY)
    closeSync(this.handle)
  }
}

/** Where a recorder puts what collectors record. */
export interface RecordSink {
  /** `at` is the collector's clock; `recordedAt` the true moment at which it wrote the record. */
  add(device: DeviceId, channel: Channel, at: EpochMs, fact: Fact, recordedAt: EpochMs): void
  /** Nothing earlier will be added. */
  flush(before: EpochMs): void
}

/** The history folder: one file per device and channel. */
export class HistoryFiles implements RecordSink {
  private readonly directory: string
  private readonly files = new Map<string, HistoryFile>()

  /** Begins a new history; an older one in the folder is removed. */
  constructor(directory: string) {
    this.directory = directory
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
  }

  add(device: DeviceId, channel: Channel, at: EpochMs, fact: Fact): void {
    const name = `${device}.${channel}.jsonl`
    let file = this.files.get(name)
    if (!file) {
      file = new HistoryFile(join(this.directory, name))
      this.files.set(name, file)
    }
    file.add(at, fact)
  }

  /** Writes what lies before a moment; nothing earlier may be added afterwards. */
  flush(before: EpochMs): void {
    for (const file of this.files.values()) file.flush(before)
  }

  /** Closes all files. Returns how many records they hold. */
  close(): number {
    let records = 0
    for (const file of this.files.values()) {
      file.close()
      records += file.records
    }
    this.files.clear()
    return records
  }
}
