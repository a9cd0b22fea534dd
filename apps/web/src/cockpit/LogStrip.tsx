import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, formatTime, shortHash } from '../text/format.ts'
import { Figure } from '../ui/Figure.tsx'

const STEP_MS = 2_000
/** Two minutes of steps. */
const STEPS = 60

/** Entries that joined the log in each of the last steps, oldest first. */
function useRhythm(size: number): number[] {
  const [steps, setSteps] = useState<number[]>(() => Array.from({ length: STEPS }, () => 0))
  const latest = useRef(size)
  latest.current = size
  useEffect(() => {
    let before = latest.current
    const timer = setInterval(() => {
      const grown = Math.max(0, latest.current - before)
      before = latest.current
      setSteps((old) => [...old.slice(1), grown])
    }, STEP_MS)
    return () => clearInterval(timer)
  }, [])
  return steps
}

/** The log at the foot of the wall: how long it is, its latest signed root, what waits to be sealed, and how it grows. */
export function LogStrip({ log }: { log: Answer<'overview'>['log'] }): ReactNode {
  const words = useWords()
  const steps = useRhythm(log.size)
  const most = Math.max(4, ...steps)
  const { checkpoint } = log
  const waiting = checkpoint ? Math.max(0, log.size - checkpoint.size) : log.size
  return (
    <footer className="log-strip">
      <Link to={paths.log()}>
        {words.cockpit.log} <Figure value={`#${formatNumber(log.size)}`} live />
      </Link>
      {checkpoint ? (
        <>
          <span title={checkpoint.root}>
            <span className="faint">{words.cockpit.root}</span>{' '}
            <span className="mono">{shortHash(checkpoint.root)}</span>
          </span>
          <span>
            <span className="faint">{words.cockpit.signed}</span> {formatTime(checkpoint.signedAt)}
          </span>
        </>
      ) : (
        <span className="faint">{words.empty.checkpoint}</span>
      )}
      <span>
        <span className="faint">{words.cockpit.waiting}</span> {formatNumber(waiting)}
      </span>
      <span>
        <span className="faint">{words.cockpit.refusals}</span> {formatNumber(log.refusalsToday)}
      </span>
      <svg
        className="log-rhythm"
        viewBox={`0 0 ${STEPS * 6} 32`}
        role="img"
        aria-label={words.cockpit.rhythm}
      >
        <title>{words.cockpit.rhythm}</title>
        {steps.map((grown, i) => {
          const height = grown === 0 ? 1 : 3 + (grown / most) * 27
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the row is what a bar is
          return <rect key={i} x={i * 6} y={32 - height} width="4" height={height} data-some={grown > 0} />
        })}
      </svg>
    </footer>
  )
}
