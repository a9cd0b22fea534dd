import { type ReactNode, useEffect, useState } from 'react'
import { STALE_MS, useStreamState } from '../api/stream.ts'
import { useSettings, useWords } from '../settings.tsx'
import { ageText } from './Age.tsx'

/** How old the live data is, and whether that is too old. */
function useFreshness(): { ageMs: number | undefined; stale: boolean } {
  const { connected, lastEventAt } = useStreamState()
  const [now, setNow] = useState(() => Date.now())
  const [openedAt] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const ageMs = lastEventAt === undefined ? undefined : Math.max(0, now - lastEventAt)
  // A quiet county is not a broken line: silence counts only while the connection is gone, or when it lasts very long.
  const silence = ageMs ?? now - openedAt
  return { ageMs, stale: connected ? silence > 4 * STALE_MS : silence > STALE_MS / 4 }
}

/** The quiet dot that tells the age of the data. */
export function FreshnessDot(): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const { ageMs, stale } = useFreshness()
  return (
    <span className="age-dot small" data-stale={stale}>
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
