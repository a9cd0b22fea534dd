import { DAY_MS, HOUR_MS } from '@oiltrail/kernel'
import type { ReactNode } from 'react'
import { useWords } from '../settings.tsx'
import { formatDate, formatNumber } from '../text/format.ts'
import type { Declared } from './declared.ts'
import './windows.css'

/** A quarter of an hour must be seen as well as a day. */
const LEAST_PERCENT = 20

/** The last thirty days as bars, a full one for a day that was declared as a whole. */
export function DayStrip({ declared, now }: { declared: Declared; now: number }): ReactNode {
  const words = useWords()
  const { byDay, days, often } = declared
  return (
    <span
      className="day-strip"
      role="img"
      aria-label={words.windows.strip(formatNumber(days))}
      data-often={often}
    >
      {byDay.map((milliseconds, i) => {
        const date = formatDate(now - (byDay.length - 1 - i) * DAY_MS)
        const height = milliseconds > 0 ? Math.max(LEAST_PERCENT, (milliseconds / DAY_MS) * 100) : 0
        return (
          <i
            key={date}
            style={{ height: `${height}%` }}
            title={words.windows.stripDay(date, formatNumber(milliseconds / HOUR_MS, 1))}
          />
        )
      })}
    </span>
  )
}
