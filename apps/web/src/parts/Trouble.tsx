import type { ReactNode } from 'react'
import type { CallError } from '../api/client.ts'
import { useSettings, useWords } from '../settings.tsx'

/** What went wrong, what to do now, and the code. */
export function Trouble({ error, onRetry }: { error: CallError; onRetry?: () => void }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <div className="trouble" role="alert">
      <p>
        <strong>{error.happened[language]}</strong>
      </p>
      <p className="soft">{error.remedy[language]}</p>
      <p className="small faint">
        {words.problem.code} {error.code} · {error.detail}
      </p>
      {onRetry ? (
        <button type="button" className="button" onClick={onRetry}>
          {words.problem.retry}
        </button>
      ) : null}
    </div>
  )
}
