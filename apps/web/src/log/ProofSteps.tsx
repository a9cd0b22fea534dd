import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import type { ProofResult } from './runProof.ts'

const MARKS = { passed: '✓', failed: '✗', skipped: '○' } as const

/** The steps of a proof and its verdict. */
export function ProofSteps({ result }: { result: ProofResult }): ReactNode {
  const words = useWords()
  const failed = result.steps.some((step) => step.outcome === 'failed')
  const skipped = result.steps.some((step) => step.outcome === 'skipped')
  return (
    <div aria-live="polite">
      <p className={'verdict'} data-good={failed ? 'false' : skipped ? 'part' : 'true'}>
        <Link to={paths.entry(result.position)}>#{formatNumber(result.position)}</Link>
        {'  '}
        {failed ? words.verify.notProved : skipped ? words.verify.somePassed : words.verify.allPassed}
      </p>
      <ol className="steps">
        {result.steps.map((step) => (
          <li key={step.key} data-outcome={step.outcome}>
            <b aria-hidden="true">{MARKS[step.outcome]}</b>
            <strong>
              {words.verify.step[step.key]} · {words.verify[step.outcome]}
            </strong>
            <p className="soft small">{step.say(words)}</p>
          </li>
        ))}
      </ol>
      {result.vkeys ? (
        <p className="small faint">
          {words.verify.trust} <span className="mono hash">{result.vkeys.trim()}</span>
        </p>
      ) : null}
    </div>
  )
}
