import type { ReactNode } from 'react'
import { useWords } from '../settings.tsx'
import '../ui/ui.css'

/** Stands until the program of the first page has come; on a quick line nobody sees it. */
export function OpeningPage(): ReactNode {
  return (
    <p className="quiet opening" role="status">
      {useWords().problem.loading}
    </p>
  )
}
