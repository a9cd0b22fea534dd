import { type ReactNode, useEffect } from 'react'
import { useRouteError } from 'react-router'
import { useWords } from '../settings.tsx'
import '../ui/ui.css'

/** Stands for a page whose program could not be loaded or broke down. Loads again by itself once the network is back. */
export function BrokenPage(): ReactNode {
  const words = useWords().broken
  const error = useRouteError()
  useEffect(() => {
    const reload = (): void => location.reload()
    addEventListener('online', reload)
    return () => removeEventListener('online', reload)
  }, [])
  return (
    <main className="broken">
      <h1>{words.title}</h1>
      <p className="soft">{words.remedy}</p>
      <p>
        <button type="button" className="button" data-primary="true" onClick={() => location.reload()}>
          {words.reload}
        </button>
      </p>
      <p className="small faint mono">{error instanceof Error ? error.message : String(error)}</p>
    </main>
  )
}
