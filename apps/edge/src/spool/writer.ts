import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { SpoolFiles } from './files.ts'
import { encodeHead, type HeadFrame } from './frame.ts'
import type { RangeSet } from './ranges.ts'
import { type SegmentIndex, segmentName } from './segment.ts'

/** What the head of a new segment must say, taken at the moment it is made. */
export type HeadContent = Omit<HeadFrame, 'type' | 'v'>

/** Appends to the newest segment file of a directory, makes new ones, deletes finished ones. */
export class SegmentWriter {
  readonly segments: SegmentIndex[]
  private readonly directory: string
  private readonly files: SpoolFiles
  private readonly segmentBytes: number
  private file: FileHandle | undefined

  constructor(directory: string, files: SpoolFiles, segmentBytes: number, segments: SegmentIndex[]) {
    this.directory = directory
    this.files = files
    this.segmentBytes = segmentBytes
    this.segments = segments
  }

  /** Opens the newest segment, cutting what stands behind its last whole frame. */
  async reopen(): Promise<void> {
    await this.file?.close()
    this.file = undefined
    const newest = this.segments.at(-1)
    if (newest) this.file = await this.files.reopen(newest.path, newest.bytes)
  }

  /** The segment to append to; a new one when there is none or the newest has reached its size. */
  async current(content: () => HeadContent): Promise<SegmentIndex> {
    const newest = this.segments.at(-1)
    if (newest && this.file && (newest.bytes < this.segmentBytes || newest.end === newest.first))
      return newest
    const head = content()
    const path = join(this.directory, segmentName(head.first))
    const bytes = encodeHead({ type: 'head', v: 1, ...head })
    // Left behind by a creation that found no room.
    await this.files.remove(path)
    const file = await this.files.create(path)
    try {
      await this.files.write(file, bytes, 0)
      await this.files.sync(file)
      await this.files.syncDirectory(this.directory)
    } catch (error) {
      await file.close()
      await this.files.remove(path)
      throw error
    }
    await this.file?.close()
    this.file = file
    const index = {
      path,
      first: head.first,
      end: head.first,
      bytes: bytes.length,
      frameFirst: [],
      frameOffset: [],
    }
    this.segments.push(index)
    return index
  }

  /** Appends and syncs. */
  async append(segment: SegmentIndex, bytes: Uint8Array): Promise<void> {
    await this.files.write(this.file!, bytes, segment.bytes)
    await this.files.sync(this.file!)
    segment.bytes += bytes.length
  }

  /** Deletes closed segments all of whose records are in `done`; tells each before it goes. */
  async prune(done: RangeSet, leaving: () => Promise<void>): Promise<void> {
    for (const segment of this.segments.slice(0, -1)) {
      if (!done.covers(segment.first, segment.end - 1)) continue
      await leaving()
      await this.files.remove(segment.path)
      this.segments.splice(this.segments.indexOf(segment), 1)
    }
  }

  async close(): Promise<void> {
    await this.file?.close()
    this.file = undefined
  }
}
