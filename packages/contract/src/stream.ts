import { z } from 'zod'
import { channelView, checkpointView, nozzleView, progress, saleView, sums, tankView } from './shapes.ts'
import { alarmView } from './watch.ts'

/**
 * What the event stream `GET /api/events` sends (server-sent events; `id:` is a log position, so that
 * `Last-Event-ID` resumes). Each event is a change of state, complete in itself.
 */
export const STREAM_EVENTS = {
  /** A sale entered the views. */
  sale: saleView.extend({ site: z.string(), siteName: z.string() }),
  /** Today's sums changed for a site; at most one a second for each site. */
  today: z.strictObject({ site: z.string(), sums, county: sums }),
  tank: z.strictObject({ site: z.string(), tank: tankView }),
  nozzle: z.strictObject({ site: z.string(), nozzle: nozzleView.omit({ today: true }) }),
  channel: channelView,
  /** An alarm was raised, cleared, handled, suppressed or came back; folds are not told one by one. */
  alarm: alarmView,
  /** The log grew; at most two a second. */
  log: z.strictObject({ size: z.int(), checkpoint: checkpointView.optional() }),
  progress,
  /** The stream could not resume from Last-Event-ID; the page must load its data again. */
  reset: z.strictObject({}),
} as const

export type StreamEventName = keyof typeof STREAM_EVENTS
export type StreamEvent<K extends StreamEventName = StreamEventName> = z.infer<(typeof STREAM_EVENTS)[K]>
