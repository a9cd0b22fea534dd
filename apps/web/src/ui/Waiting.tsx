import type { ReactNode } from 'react'
import './ui.css'

/** Grey lines in the place of what is being read. */
export function Waiting({ lines = 6, label }: { lines?: number; label: string }): ReactNode {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => `${line}`).map((line) => (
        <i key={line} style={{ width: `${92 - ((Number(line) * 17) % 40)}%` }} />
      ))}
    </div>
  )
}
