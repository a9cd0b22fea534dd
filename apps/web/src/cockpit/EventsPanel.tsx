import { type ReactNode, useRef, useState } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useWords } from '../settings.tsx'
import { formatTime } from '../text/format.ts'

type Latest = Answer<'overview'>['latest']

/** The newest events as sentences. While the pointer rests on the list it stands still. */
export function EventsPanel({ latest }: { latest: Latest }): ReactNode {
  const words = useWords()
  const [held, setHeld] = useState<Latest>()
  const newest = useRef(latest)
  newest.current = latest
  const rows = held ?? latest
  return (
    <section
      className="wall-block wall-events"
      onPointerEnter={() => setHeld(newest.current)}
      onPointerLeave={() => setHeld(undefined)}
    >
      <h2>{words.cockpit.events}</h2>
      {rows.length === 0 ? <p className="quiet">{words.empty.events}</p> : null}
      <ol>
        {rows.map((event) => (
          <li key={`${event.at}${event.kind}${event.site}${event.subject}${event.value ?? ''}`}>
            <time className="faint">{formatTime(event.at)}</time>
            <span>{words.event({ ...event, value: event.value })}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
