import type { ReactNode } from 'react'
import './ui.css'

interface PagerProps {
  /** Counts from 1. */
  readonly page: number
  readonly pages: number
  readonly label: string
  readonly previousLabel: string
  readonly nextLabel: string
  readonly onPage: (page: number) => void
}

/** Turns pages; hidden when there is one only. */
export function Pager(props: PagerProps): ReactNode {
  if (props.pages <= 1) return null
  return (
    <nav className="pager">
      <button
        type="button"
        className="button"
        aria-label={props.previousLabel}
        disabled={props.page <= 1}
        onClick={() => props.onPage(props.page - 1)}
      >
        ‹
      </button>
      <span className="small soft">{props.label}</span>
      <button
        type="button"
        className="button"
        aria-label={props.nextLabel}
        disabled={props.page >= props.pages}
        onClick={() => props.onPage(props.page + 1)}
      >
        ›
      </button>
    </nav>
  )
}
