import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { Age } from '../parts/Age.tsx'
import { useWords } from '../settings.tsx'
import { formatMoment, formatNumber } from '../text/format.ts'
import { Figure } from '../ui/Figure.tsx'
import { Panel } from '../ui/Panel.tsx'

/** The newest signed head of the log, and where others fetch it. */
export function CheckpointPanel({ log }: { log: Answer<'overview'>['log'] | undefined }): ReactNode {
  const words = useWords()
  const county = useRead('county', {}, {}, { refreshMs: false }).data?.code
  const checkpoint = log?.checkpoint
  return (
    <Panel title={words.log.latest} className="half">
      <dl className="facts">
        <div className="fact-large">
          <dt>{words.log.size}</dt>
          <dd>
            <Figure value={log ? formatNumber(log.size) : '—'} live />
          </dd>
        </div>
        {checkpoint ? (
          <div>
            <dt>{words.log.signedAt}</dt>
            <dd>{formatMoment(checkpoint.signedAt)}</dd>
            <dd className="small faint">
              <Age at={checkpoint.signedAt} /> · {words.log.size} {formatNumber(checkpoint.size)}
            </dd>
          </div>
        ) : null}
      </dl>
      {checkpoint ? (
        <>
          <p className="small faint">{words.log.root}</p>
          <p className="mono hash">{checkpoint.root}</p>
          <details className="log-details">
            <summary className="small">{words.log.note}</summary>
            <pre className="mono">{checkpoint.note}</pre>
          </details>
        </>
      ) : (
        <p className="quiet">{words.empty.checkpoint}</p>
      )}
      {county ? (
        <p className="small log-files">
          <span className="faint">{words.log.files}</span>{' '}
          <a href={`/log/${county}/checkpoint`}>checkpoint</a> <a href={`/log/${county}/vkey`}>vkey</a>
        </p>
      ) : null}
    </Panel>
  )
}
