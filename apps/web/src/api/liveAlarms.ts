import type { StreamEvent } from '@oiltrail/contract'
import type { QueryClient } from '@tanstack/react-query'
import { ring } from '../alarms/sound.ts'
import { type HeardAlarms, shouldSound } from '../alarms/sounding.ts'
import { serverNow } from './clock.ts'
import type { Answer } from './endpoints.ts'
import { keyOf } from './queries.ts'

export type LiveAlarm = StreamEvent<'alarm'>

/** Lists and counts are read again at most this often while alarms change: a back-fill changes hundreds at once. */
const READ_AGAIN_MS = 1_500
/** What depends on alarms and is not carried by the event. */
const STALE = ['alarms', 'alarmPlaces', 'alarmLoad', 'rules'] as const

const heard: HeardAlarms = new Map()
let timer: ReturnType<typeof setTimeout> | undefined

function readAgain(client: QueryClient): void {
  if (timer !== undefined) return
  timer = setTimeout(() => {
    timer = undefined
    for (const name of STALE) void client.invalidateQueries({ queryKey: [name] })
  }, READ_AGAIN_MS)
}

/** Puts an alarm that changed where it is shown, asks for the lists again, and rings for a new red one. */
export function noteAlarm(client: QueryClient, event: LiveAlarm): void {
  if (shouldSound(heard, event, serverNow())) ring()
  client.setQueriesData<Answer<'alarms'>>({ queryKey: ['alarms'] }, (old) =>
    old?.alarms.some((other) => other.alarm === event.alarm)
      ? { ...old, alarms: old.alarms.map((other) => (other.alarm === event.alarm ? event : other)) }
      : old,
  )
  void client.invalidateQueries({ queryKey: keyOf('alarm', { alarm: event.alarm }, {}) })
  readAgain(client)
}
