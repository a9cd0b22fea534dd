import type { Result } from '@oiltrail/kernel'
import type { Dialect } from './dialects.ts'
import { type Frame, FrameDecoder, type FrameEvent } from './frame.ts'
import type { Answer, TaxportMessage } from './message.ts'

/** Gathers the frames of one answer: what a collector holds between sending a request and having its answer. */
export class Reply<Q, A> {
  private readonly message: TaxportMessage<Q, A>
  private readonly dialect: Dialect
  private readonly decoder = new FrameDecoder()
  private frames: Frame[] = []

  constructor(message: TaxportMessage<Q, A>, dialect: Dialect) {
    this.message = message
    this.dialect = dialect
  }

  /** Adds bytes; returns the answers and refusals they completed, in order. Usually none or one. */
  feed(bytes: Uint8Array): Result<Answer<A>>[] {
    return this.gather(this.decoder.feed(bytes))
  }

  /** The line fell silent; an answer of which a part is missing becomes a refusal. */
  finish(): Result<Answer<A>>[] {
    const results = this.gather(this.decoder.finish())
    if (this.frames.length > 0) results.push(this.read())
    return results
  }

  private gather(events: readonly FrameEvent[]): Result<Answer<A>>[] {
    const results: Result<Answer<A>>[] = []
    for (const event of events) {
      if (!event.ok) {
        this.frames = []
        results.push(event)
        continue
      }
      this.frames.push(event.value)
      if (this.frames.length >= this.message.framesExpected(this.frames[0]!)) results.push(this.read())
    }
    return results
  }

  private read(): Result<Answer<A>> {
    const frames = this.frames
    this.frames = []
    return this.message.readAnswer(frames, this.dialect)
  }
}
