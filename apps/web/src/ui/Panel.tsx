import type { ReactNode } from 'react'
import './ui.css'

interface PanelProps {
  readonly title?: ReactNode
  /** Stands at the right of the title. */
  readonly extra?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}

/** One thing of a page with its title. Never inside another one. */
export function Panel({ title, extra, className, children }: PanelProps): ReactNode {
  return (
    <section className={className ? `panel ${className}` : 'panel'}>
      {title || extra ? (
        <header>
          {title ? <h2>{title}</h2> : null}
          {extra ? <span className="panel-extra small soft">{extra}</span> : null}
        </header>
      ) : null}
      {children}
    </section>
  )
}
