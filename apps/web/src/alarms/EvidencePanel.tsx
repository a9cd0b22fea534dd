import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import { CallError } from '../api/client.ts'
import type { Answer } from '../api/endpoints.ts'
import '../log/log.css'
import { ProofSteps } from '../log/ProofSteps.tsx'
import { type ProofResult, proveEntry } from '../log/runProof.ts'
import { Trouble } from '../parts/Trouble.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'

type Ref = Answer<'alarm'>['first']['evidence'][number]

/** More are listed on request. */
const SHOWN = 6

type Outcome =
  | { readonly kind: 'running' }
  | { readonly kind: 'proved'; readonly result: ProofResult }
  | { readonly kind: 'failed'; readonly error: CallError }

const keyOf = (ref: Ref): string => `${ref.position}.${ref.seq}`

/** Whether every step that was made held, and at least one was made. */
export function holds(result: ProofResult): boolean {
  return (
    result.steps.some((step) => step.outcome === 'passed') &&
    result.steps.every((step) => step.outcome !== 'failed')
  )
}

async function prove(ref: Ref): Promise<Outcome> {
  try {
    const claim =
      ref.seq > 0 ? ({ kind: 'number', device: '', channel: '', seq: ref.seq } as const) : undefined
    return { kind: 'proved', result: await proveEntry(ref.position, claim) }
  } catch (error) {
    if (error instanceof CallError) return { kind: 'failed', error }
    throw error
  }
}

function Mark({ outcome }: { outcome: Outcome }): ReactNode {
  const words = useWords()
  if (outcome.kind === 'running') return <span className="small faint">{words.alarm.checking}</span>
  if (outcome.kind === 'failed') return <span className="small evidence-bad">✗ {outcome.error.code}</span>
  const good = holds(outcome.result)
  return (
    <span className={`small ${good ? 'evidence-good' : 'evidence-bad'}`}>
      {good ? `✓ ${words.verify.passed}` : `✗ ${words.verify.failed}`}
    </span>
  )
}

interface RowProps {
  readonly evidence: Ref
  readonly outcome: Outcome | undefined
  /** Its steps are shown. */
  readonly open: boolean
  readonly onCheck: () => void
}

/** One record with its place in the log, the check, and what came of it. */
function EvidenceRow({ evidence, outcome, open, onCheck }: RowProps): ReactNode {
  const words = useWords()
  const position = formatNumber(evidence.position)
  return (
    <li>
      <p>
        <Link to={paths.entry(evidence.position)}>
          {evidence.seq > 0
            ? words.alarm.evidenceRow(position, formatNumber(evidence.seq))
            : words.alarm.evidenceEntry(position)}
        </Link>
        <button
          type="button"
          className="button button-small"
          disabled={outcome?.kind === 'running'}
          onClick={onCheck}
        >
          {words.alarm.check}
        </button>
        {outcome ? <Mark outcome={outcome} /> : null}
      </p>
      {open && outcome?.kind === 'proved' ? <ProofSteps result={outcome.result} /> : null}
      {open && outcome?.kind === 'failed' ? <Trouble error={outcome.error} /> : null}
    </li>
  )
}

/** Checks records one after the other and remembers what came of each. */
function useChecks(): {
  outcomes: Readonly<Record<string, Outcome>>
  check: (ref: Ref) => Promise<void>
} {
  const [outcomes, setOutcomes] = useState<Readonly<Record<string, Outcome>>>({})
  const check = async (ref: Ref): Promise<void> => {
    const key = keyOf(ref)
    setOutcomes((old) => ({ ...old, [key]: { kind: 'running' } }))
    const outcome = await prove(ref)
    setOutcomes((old) => ({ ...old, [key]: outcome }))
  }
  return { outcomes, check }
}

/** The records that prove an alarm; each is checked against the log in this browser on request. */
export function EvidencePanel({ evidence }: { evidence: readonly Ref[] }): ReactNode {
  const words = useWords()
  const { outcomes, check } = useChecks()
  const [open, setOpen] = useState<string>()
  const [all, setAll] = useState(false)
  const shown = all ? evidence : evidence.slice(0, SHOWN)
  const checkAll = async (): Promise<void> => {
    for (const ref of evidence) await check(ref)
  }
  const made = Object.values(outcomes)
  const done = made.filter((outcome) => outcome.kind !== 'running')
  const good = done.filter((outcome) => outcome.kind === 'proved' && holds(outcome.result)).length
  if (evidence.length === 0)
    return (
      <Panel title={words.alarm.evidence}>
        <p className="soft">{words.alarm.noEvidence}</p>
      </Panel>
    )
  return (
    <Panel title={words.alarm.evidence} extra={words.alarm.evidenceNote}>
      <p className="action-row">
        <button
          type="button"
          className="button"
          disabled={done.length < made.length}
          onClick={() => void checkAll()}
        >
          {words.alarm.checkAll}
        </button>
        {done.length > 0 ? (
          <span className={good === done.length ? 'evidence-good' : 'evidence-bad'} role="status">
            {words.alarm.checked(good, evidence.length)}
          </span>
        ) : null}
      </p>
      <ul className="evidence-list">
        {shown.map((ref) => {
          const key = keyOf(ref)
          const onCheck = (): void => {
            setOpen(key)
            void check(ref)
          }
          return (
            <EvidenceRow
              key={key}
              evidence={ref}
              outcome={outcomes[key]}
              open={open === key}
              onCheck={onCheck}
            />
          )
        })}
      </ul>
      {evidence.length > shown.length ? (
        <button type="button" className="link-button" onClick={() => setAll(true)}>
          {words.alarm.allEvidence(evidence.length)}
        </button>
      ) : null}
    </Panel>
  )
}
