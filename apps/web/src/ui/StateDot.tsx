import type { ReactNode } from 'react'

export type DotState = 'ok' | 'attention' | 'offline' | 'unknown'

/**
 * Shape and colour of a state: filled round, half round, hatched square, hollow ring. The word stands beside it. Triangles are
 * left to alarms.
 */
function Shape({ state }: { state: DotState }): ReactNode {
  switch (state) {
    case 'ok':
      return <circle cx="6" cy="6" r="4" fill="var(--ok)" />
    case 'attention':
      return (
        <>
          <circle cx="6" cy="6" r="4" fill="none" stroke="var(--attention)" strokeWidth="1.500" />
          <path d="M6 2a4 4 0 0 1 0 8z" fill="var(--attention)" />
        </>
      )
    case 'offline':
      return (
        <>
          <rect x="1" y="1" width="10" height="10" fill="none" stroke="var(--unknown)" strokeWidth="1.500" />
          <path d="M1.500 8 8 1.500M4 10.500 10.500 4" stroke="var(--unknown)" strokeWidth="1.500" />
        </>
      )
    case 'unknown':
      return <circle cx="6" cy="6" r="4" fill="none" stroke="var(--unknown)" strokeWidth="1.500" />
  }
}

/** A state as shape, colour and word. */
export function StateDot({ state, word }: { state: DotState; word: string }): ReactNode {
  return (
    <span className="state">
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <Shape state={state} />
      </svg>
      {word}
    </span>
  )
}
