import { type ReactNode, useRef } from 'react'
import './ui.css'

interface FigureProps {
  /** The number as text, grouped and rounded. */
  readonly value: string
  /** Unit after the number, or `¥` before it. */
  readonly unit?: string
  readonly before?: boolean
  /** Mark the number for a second when it changes. */
  readonly live?: boolean
}

/** A number with its unit small and muted; a live one shows that it changed. */
export function Figure({ value, unit, before = false, live = false }: FigureProps): ReactNode {
  const seen = useRef(value)
  const changes = useRef(0)
  if (seen.current !== value) {
    seen.current = value
    changes.current++
  }
  const marked = live && changes.current > 0 ? 'figure-value figure-marked' : 'figure-value'
  const sign = unit ? <span className="figure-unit">{unit}</span> : null
  return (
    <span className="figure">
      {before ? sign : null}
      <span key={changes.current} className={marked}>
        {value}
      </span>
      {before ? null : sign}
    </span>
  )
}
