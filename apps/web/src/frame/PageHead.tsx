import { type ReactNode, useEffect } from 'react'
import { useWords } from '../settings.tsx'

interface PageHeadProps {
  readonly title: string
  /** Where one came from, before the title. */
  readonly crumb?: ReactNode
  readonly aside?: ReactNode
  /** Filters and actions of the page, at the right. */
  readonly children?: ReactNode
}

/** Title of a page with its filters; also the title of the window. */
export function PageHead({ title, crumb, aside, children }: PageHeadProps): ReactNode {
  const words = useWords()
  useEffect(() => {
    document.title = `${title} · ${words.product}`
  }, [title, words])
  return (
    <div className="page-head">
      {crumb ? <span className="page-crumb">{crumb} ›</span> : null}
      <h1>{title}</h1>
      {aside ? <span className="page-aside">{aside}</span> : null}
      {children ? <div className="page-tools">{children}</div> : null}
    </div>
  )
}
