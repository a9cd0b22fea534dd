import { type ReactNode, useEffect, useState } from 'react'
import { serverNow } from '../api/clock.ts'
import { useOverview } from '../api/queries.ts'
import { SILENCE_MS, STALE_MS, useStreamState } from '../api/stream.ts'
import { useSettings, useWords } from '../settings.tsx'
import { ageText } from './Age.tsx'

/** How old the newest data is, from the stream or, before it has told anything, from what was read; and whether that is too old. */
function useFreshness(): { ageMs: number | undefined; stale: boolean } {
  const { connected, lastEventAt } = useStreamState()
  const sites = useOverview().data?.sites ?? []
  const [now, setNow] = useState(() => Date.now())
  const [openedAt] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const newest = Math.max(0, ...sites.map(({ lastReceivedAt }) => lastReceivedAt ?? 0))
  const ages = [
    ...(lastEventAt === undefined ? [] : [now - lastEventAt]),
    ...(newest > 0 ? [serverNow() - newest] : []),
  ]
  const ageMs = ages.length > 0 ? Math.max(0, Math.min(...ages)) : undefined
  // A quiet county is not a broken line: silence counts only while the connection is gone, or when it lasts very long.
  const silence = now - (lastEventAt ?? openedAt)
  return { ageMs, stale: connected ? silence > SILENCE_MS : silence > STALE_MS / 4 }
}

/** The quiet dot that tells the age of the data; hollow while none is known. */
export function FreshnessDot(): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const { ageMs, stale } = useFreshness()
  return (
    <span className="age-dot small" data-stale={stale} data-unknown={ageMs === undefined}>
      <i aria-hidden="true" />
      {ageMs === undefined ? words.data.waiting : words.data.fresh(ageText(words, ageMs, language))}
    </span>
  )
}

/** A line that says so when the data may be old. */
export function StaleNotice(): ReactNode {
  const words = useWords()
  const { stale } = useFreshness()
  return stale ? (
    <p className="stale-notice" role="status">
      {words.data.stale}
    </p>
  ) : null
}
