import { Input } from 'antd'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import type { Administrator } from '../admin.ts'
import '../alarms/alarms.css'
import { serverNow } from '../api/clock.ts'
import { signature, useAct } from '../api/useAct.ts'
import { Trouble } from '../parts/Trouble.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { fieldOfMoment, momentOfField } from '../site/localTime.ts'
import { formatNumber } from '../text/format.ts'

/** A reason is a sentence or two; the contract takes as much. */
const LONGEST_REASON = 200

interface DecideFormProps {
  readonly site: string
  readonly tank: string
  readonly proposal: { readonly position: number; readonly seq: number }
  /** How it was decided last; undefined while it waits. */
  readonly decided: boolean | undefined
  readonly administrator: Administrator
}

/** Accepts or rejects a proposed chart, with the reason. */
export function DecideForm({ site, tank, proposal, decided, administrator }: DecideFormProps): ReactNode {
  const words = useWords().witness.charts
  const [reason, setReason] = useState('')
  const [when, setWhen] = useState(() => fieldOfMoment(serverNow()))
  const [untouched, setUntouched] = useState(true)
  const { busy, error, answer, run } = useAct('decideChart', administrator, ['charts', 'witnesses'])
  const effectiveAt = momentOfField(when)
  const ready = reason.trim() !== '' && effectiveAt !== undefined && !busy
  const decide = async (accepted: boolean): Promise<void> => {
    if (!ready) return
    // Left as it was it means now: the form may have been open for an hour.
    const since = accepted && !untouched ? { effectiveAt } : {}
    const order = { tank, proposal, accepted, reason: reason.trim(), ...since, ...signature(administrator) }
    if (await run({ site }, order)) setReason('')
  }
  return (
    <form className="action-form" onSubmit={(event) => event.preventDefault()}>
      <Input
        style={{ flex: '1 1 280px', maxWidth: 520 }}
        maxLength={LONGEST_REASON}
        aria-label={words.why}
        placeholder={words.why}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <Input
        style={{ width: 200 }}
        type="datetime-local"
        aria-label={words.effective}
        value={when}
        onChange={(event) => {
          setUntouched(false)
          setWhen(event.target.value)
        }}
      />
      <button
        type="button"
        className="button"
        data-primary="true"
        disabled={!ready || decided === true}
        onClick={() => void decide(true)}
      >
        {words.accept}
      </button>
      <button
        type="button"
        className="button"
        disabled={!ready || decided === false}
        onClick={() => void decide(false)}
      >
        {words.reject}
      </button>
      {answer ? (
        <Link role="status" to={paths.entry(answer.position)}>
          {words.decided(formatNumber(answer.position))}
        </Link>
      ) : null}
      {error ? <Trouble error={error} /> : null}
    </form>
  )
}
