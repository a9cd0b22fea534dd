import type { ReactNode } from 'react'
import { useOverview } from '../api/queries.ts'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Bar } from '../ui/Bar.tsx'

/** How far the history has come in; nothing once the platform is live. */
export function ImportProgress(): ReactNode {
  const words = useWords()
  const progress = useOverview().data?.progress
  if (!progress || progress.phase === 'live') return null
  const expected = progress.expectedRecords
  const share = expected ? Math.min(1, progress.receivedRecords / expected) : 0
  return (
    <div className="import-progress" role="status">
      <strong>{progress.phase === 'starting' ? words.progress.starting : words.progress.importing}</strong>
      {expected ? <span>{Math.floor(share * 100)} %</span> : null}
      <Bar share={share} />
      <span className="small soft">
        {words.progress.records(
          formatNumber(progress.receivedRecords),
          expected === undefined ? undefined : formatNumber(expected),
        )}
      </span>
      <span className="small faint">{words.progress.note}</span>
    </div>
  )
}
