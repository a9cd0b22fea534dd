import type { StreamEventName } from '@oiltrail/contract'
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { applyEvent, type NamedEvent, touchesOverview } from './apply.ts'
import { keyOf } from './queries.ts'

/** Every event the page listens to; the type makes sure that none of the contract's is left out. */
const NAMES = Object.keys({
  sale: 0,
  today: 0,
  tank: 0,
  nozzle: 0,
  channel: 0,
  alarm: 0,
  log: 0,
  progress: 0,
  reset: 0,
} satisfies Record<StreamEventName, 0>) as StreamEventName[]

/** Events are shown together at this pace, so that a flood redraws the page four times a second and not a thousand. */
const FLUSH_MS = 250
/** More than this waiting means that the page was asleep: reading everything again is cheaper. */
const WAITING_LIMIT = 2_000
/** Sums that events do not carry are read again at most this often. */
const OVERVIEW_MS = 5_000
/** Silence after which the page says that it may be old: two of the platform's 15 s heartbeats and a little. */
export const STALE_MS = 40_000
/**
 * Silence after which the connection is taken for dead though nothing said so, as when a router forgot it: a county sends something
 * every minute.
 */
export const SILENCE_MS = 4 * STALE_MS
/** The browser gives up on an HTTP error; we try again after this. */
const REOPEN_MS = 5_000

export interface StreamState {
  readonly connected: boolean
  /** This machine's time of the last event, epoch milliseconds; undefined before the first. */
  readonly lastEventAt: number | undefined
}

let state: StreamState = { connected: false, lastEventAt: undefined }
const listeners = new Set<() => void>()

function setState(next: Partial<StreamState>): void {
  state = { ...state, ...next }
  for (const listener of listeners) listener()
}

/** State of the stream, for the dot that tells how old the data is. */
export function useStreamState(): StreamState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}

/** Opens the event stream, keeps it open, and puts what it brings into the cache. Returns how to close it. */
export function openStream(client: QueryClient): () => void {
  let source: EventSource | undefined
  let waiting: NamedEvent[] = []
  let overviewAt = 0
  let openedAt = 0
  /** The connection was gone since it was last open. */
  let lost = false
  let reopen: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    if (waiting.length === 0) return
    const events = waiting
    waiting = []
    setState({ lastEventAt: Date.now() })
    for (const event of events) applyEvent(client, event)
    if (events.some((event) => touchesOverview(event.name)) && Date.now() - overviewAt > OVERVIEW_MS) {
      overviewAt = Date.now()
      void client.invalidateQueries({ queryKey: keyOf('overview', {}, {}) })
    }
  }
  const receive = (name: StreamEventName, text: string): void => {
    if (waiting.length >= WAITING_LIMIT) waiting = [{ name: 'reset', data: {} }]
    try {
      waiting.push({ name, data: JSON.parse(text) } as NamedEvent)
    } catch {
      // A line cut by a proxy: the next event of the same thing is complete in itself.
    }
  }
  const open = (): void => {
    source?.close()
    clearTimeout(reopen)
    openedAt = Date.now()
    // The browser resumes with Last-Event-ID by itself after a network error.
    source = new EventSource('/api/events')
    source.onopen = () => {
      setState({ connected: true })
      // What the stream does not carry may have changed meanwhile, and reads of that time have failed.
      if (lost) void client.invalidateQueries()
      lost = false
    }
    source.onerror = () => {
      lose()
      if (source?.readyState === EventSource.CLOSED) reopen = setTimeout(open, REOPEN_MS)
    }
    for (const name of NAMES)
      source.addEventListener(name, (event) => receive(name, (event as MessageEvent<string>).data))
  }
  const lose = (): void => {
    lost = true
    setState({ connected: false })
  }
  const watch = (): void => {
    flush()
    if (Date.now() - Math.max(openedAt, state.lastEventAt ?? 0) <= SILENCE_MS) return
    lose()
    open()
  }
  open()
  const timer = setInterval(watch, FLUSH_MS)
  addEventListener('offline', lose)
  addEventListener('online', open)
  return () => {
    clearInterval(timer)
    clearTimeout(reopen)
    removeEventListener('offline', lose)
    removeEventListener('online', open)
    source?.close()
  }
}
