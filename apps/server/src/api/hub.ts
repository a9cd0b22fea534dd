import type { ServerResponse } from 'node:http'
import type { StreamEvent, StreamEventName } from '@oiltrail/contract'
import { isThisMachine } from './source.ts'

/** Screens that listen at once; a county has some dozens. */
const MAX_LISTENERS = 200
/** Of one source elsewhere: an office of screens behind one address, and never so many that the others find no place. */
export const MAX_LISTENERS_OF_SOURCE = 40
/** Bytes that may wait for one listener. One that falls further behind is told to load its page again. */
export const MAX_WAITING_BYTES = 256 * 1024
/** Past events kept for those who come back: some minutes of a busy county. */
const KEPT_BYTES = 4 * 1024 * 1024
const HEARTBEAT_MS = 15_000
/** Heartbeats that a listener may lag; then it reads nothing at all and gives its place to another screen. */
const MOST_LAGGING_BEATS = 4
/** What a browser waits before it connects again. */
const RETRY_MS = 2_000

interface Kept {
  readonly position: number
  readonly text: string
}

interface Listener {
  readonly response: ServerResponse
  readonly source: string
  /** Has fallen behind: gets nothing until its buffer is empty, then `reset`. */
  lagging: boolean
  /** Heartbeats since it fell behind. */
  beats: number
}

/**
 * The event stream of the screens. Events are sent in groups; only the last of a group carries `id`, a log position, so
 * that a listener cut off in the middle of a group gets all of it again. Every event is complete in itself, so getting
 * one twice does no harm.
 */
export class EventHub {
  readonly #listeners = new Set<Listener>()
  readonly #kept: Kept[] = []
  #keptBytes = 0
  #position: number
  /** Groups from this position on are all kept. */
  #keptFrom: number
  readonly #heartbeat: NodeJS.Timeout

  constructor(position: number, heartbeatMs: number = HEARTBEAT_MS) {
    this.#position = position
    this.#keptFrom = position
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs)
    this.#heartbeat.unref()
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** Why a source gets no place now; undefined when it does. */
  fullFor(source: string): string | undefined {
    if (this.#listeners.size >= MAX_LISTENERS)
      return `${MAX_LISTENERS} screens listen already / 已有 ${MAX_LISTENERS} 个页面在接收`
    if (isThisMachine(source)) return undefined
    let own = 0
    for (const listener of this.#listeners) if (listener.source === source) own++
    if (own < MAX_LISTENERS_OF_SOURCE) return undefined
    return `${own} screens of ${source} listen already / ${source} 已有 ${own} 个页面在接收`
  }

  /** Where the log stood when the newest group was sent. */
  get position(): number {
    return this.#position
  }

  /** The log stands elsewhere than it did: at start, or when views were read anew. Nobody can resume from before. */
  restart(position: number): void {
    this.#position = position
    this.#keptFrom = position
    this.#kept.length = 0
    this.#keptBytes = 0
  }

  /** Sends a group of events that belong to a log position, which never goes back. */
  send(position: number, events: readonly (readonly [StreamEventName, StreamEvent])[]): void {
    this.#position = Math.max(this.#position, position)
    if (events.length === 0) return
    const text = events
      .map(([name, data], i) => {
        const id = i === events.length - 1 ? `id: ${this.#position}\n` : ''
        return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
      })
      .join('')
    this.#keep({ position: this.#position, text })
    for (const listener of this.#listeners) this.#write(listener, text)
  }

  /**
   * Takes a listener. `lastEventId` is what the browser sends when it comes back; from there it gets what it missed,
   * or `reset` when that is not kept any more. The caller has asked `fullFor` whether there is a place for the source.
   */
  add(response: ServerResponse, lastEventId: string | undefined, source: string): void {
    const listener: Listener = { response, source, lagging: false, beats: 0 }
    this.#listeners.add(listener)
    response.on('close', () => this.#listeners.delete(listener))
    response.on('error', () => this.#listeners.delete(listener))
    response.on('drain', () => this.#catchUp(listener))
    response.write(`retry: ${RETRY_MS}\n\n`)
    if (lastEventId === undefined) return
    const from = /^[0-9]{1,15}$/.test(lastEventId) ? Number(lastEventId) : -1
    if (from < this.#keptFrom || from > this.#position) response.write(this.#reset())
    else for (const kept of this.#kept) if (kept.position >= from) this.#write(listener, kept.text)
  }

  /** Ends all streams; for a server that stops. */
  close(): void {
    clearInterval(this.#heartbeat)
    for (const listener of this.#listeners) listener.response.end()
    this.#listeners.clear()
  }

  #reset(): string {
    return `id: ${this.#position}\nevent: reset\ndata: {}\n\n`
  }

  #write(listener: Listener, text: string): void {
    if (listener.lagging) return
    if (listener.response.writableLength > MAX_WAITING_BYTES) listener.lagging = true
    else listener.response.write(text)
  }

  #catchUp(listener: Listener): void {
    if (!listener.lagging) return
    listener.lagging = false
    listener.beats = 0
    listener.response.write(this.#reset())
  }

  #keep(group: Kept): void {
    this.#kept.push(group)
    this.#keptBytes += group.text.length
    while (this.#keptBytes > KEPT_BYTES) {
      const dropped = this.#kept.shift()!
      this.#keptBytes -= dropped.text.length
      this.#keptFrom = dropped.position + 1
    }
  }

  #beat(): void {
    for (const listener of this.#listeners) {
      if (listener.lagging && ++listener.beats > MOST_LAGGING_BEATS) listener.response.destroy()
      else this.#write(listener, ': still here\n\n')
    }
  }
}
