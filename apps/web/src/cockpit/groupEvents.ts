/** One event of the overview. */
export interface LatestEvent {
  readonly at: number
  readonly kind: string
  readonly site: string
  readonly siteName: string
  readonly subject: string
  readonly value?: number | undefined
}

/** Events of one kind that belong together: a power cut strikes a whole street at once and is one thing to know. */
export interface EventGroup {
  /** Moment of the newest. */
  readonly at: number
  readonly kind: string
  readonly events: readonly LatestEvent[]
}

/** Events of one kind within a minute of each other are told together. */
const TOGETHER_MS = 60_000

/** These carry a quantity of their own and are never merged. */
const SINGLE = new Set(['sale', 'load', 'delivery', 'price'])

/** Newest first in, newest first out; both channels of one collector saying the same count once. */
export function groupEvents(latest: readonly LatestEvent[]): EventGroup[] {
  const groups: { at: number; kind: string; events: LatestEvent[] }[] = []
  for (const event of latest) {
    const group = SINGLE.has(event.kind)
      ? undefined
      : groups.find((other) => other.kind === event.kind && Math.abs(other.at - event.at) <= TOGETHER_MS)
    if (!group) groups.push({ at: event.at, kind: event.kind, events: [event] })
    else if (!group.events.some((other) => other.site === event.site && other.subject === event.subject))
      group.events.push(event)
  }
  return groups
}
