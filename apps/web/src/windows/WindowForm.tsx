import { LONGEST_NOTE } from '@oiltrail/domain'
import { Input, Select } from 'antd'
import { type ReactNode, useRef, useState } from 'react'
import { Link } from 'react-router'
import type { Administrator } from '../admin.ts'
import { serverNow } from '../api/clock.ts'
import { useRead } from '../api/queries.ts'
import { useAct } from '../api/useAct.ts'
import { SiteSelect } from '../parts/SiteSelect.tsx'
import { Trouble } from '../parts/Trouble.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Field } from '../ui/Field.tsx'
import { WINDOW_READS } from './declared.ts'
import { type Draft, type Faults, faultsOf, freshDraft, orderOf, PURPOSES, warningsOf } from './draft.ts'
import { partText } from './WindowTable.tsx'

interface FieldsProps {
  readonly draft: Draft
  readonly faults: Faults
  readonly onChange: (changes: Partial<Draft>) => void
}

/** Where and what: the site, the whole of it or a part, and the kind of work. */
function PlaceFields({ draft, faults, onChange }: FieldsProps): ReactNode {
  const words = useWords()
  const site = useRead(
    'site',
    { site: draft.site },
    {},
    { enabled: draft.site !== '', refreshMs: false },
  ).data
  const ours = site?.summary.site === draft.site ? site : undefined
  const parts = [
    ...(ours?.tanks.map(({ tank }) => `tank/${tank}`) ?? []),
    ...(ours?.nozzles.map(({ nozzle, arm }) => `${arm ? 'arm' : 'nozzle'}/${nozzle}`) ?? []),
  ]
  return (
    <>
      <Field label={words.windows.site} fault={faults.site && words.windows.fault[faults.site]}>
        {(binding) => (
          <SiteSelect
            binding={binding}
            value={draft.site}
            onChange={(code) => onChange({ site: code, part: '' })}
          />
        )}
      </Field>
      <Field label={words.windows.part}>
        {(binding) => (
          <Select
            {...binding}
            value={draft.part}
            onChange={(part) => onChange({ part })}
            options={['', ...parts].map((part) => ({ value: part, label: partText(words, part) }))}
          />
        )}
      </Field>
      <Field label={words.windows.purpose} wide>
        {(binding) => (
          <Select
            {...binding}
            value={draft.purpose}
            onChange={(purpose) => onChange({ purpose })}
            options={PURPOSES.map((value) => ({ value, label: words.windows.purposes[value] }))}
          />
        )}
      </Field>
    </>
  )
}

/** Since when and until when, in China time. */
function TimeFields({ draft, faults, onChange }: FieldsProps): ReactNode {
  const words = useWords()
  const warnings = warningsOf(draft, serverNow())
  const field = (key: 'from' | 'to', warning: 'past' | 'day'): ReactNode => {
    const fault = faults[key]
    return (
      <Field
        label={
          <>
            {words.windows[key]} <span className="faint">{words.windows.zone}</span>
          </>
        }
        fault={fault && words.windows.fault[fault]}
        warning={warnings.includes(warning) ? words.windows.warn[warning] : undefined}
      >
        {(binding) => (
          <Input
            {...binding}
            type="datetime-local"
            {...(fault ? { status: 'error' as const } : {})}
            value={draft[key]}
            onChange={(event) => onChange({ [key]: event.target.value })}
          />
        )}
      </Field>
    )
  }
  return (
    <>
      {field('from', 'past')}
      {field('to', 'day')}
    </>
  )
}

/** Why, and who answers for it. */
function ReasonFields({ draft, faults, onChange }: FieldsProps): ReactNode {
  const words = useWords()
  const field = (key: 'note' | 'actor', hint: string, longest: number): ReactNode => {
    const fault = faults[key]
    return (
      <Field label={words.windows[key]} fault={fault && words.windows.fault[fault]} wide>
        {(binding) => (
          <Input
            {...binding}
            maxLength={longest}
            placeholder={hint}
            {...(fault ? { status: 'error' as const } : {})}
            value={draft[key]}
            onChange={(event) => onChange({ [key]: event.target.value })}
          />
        )}
      </Field>
    )
  }
  return (
    <>
      {field('note', words.windows.noteHint, LONGEST_NOTE)}
      {field('actor', words.windows.actorHint, LONGEST_ACTOR)}
    </>
  )
}
/** What the platform takes as a signature. */
const LONGEST_ACTOR = 80

/** Declares a window. What is wrong is said beneath each field once the form was sent, and goes away as it is put right. */
export function WindowForm({
  site,
  administrator,
}: {
  site: string
  administrator: Administrator
}): ReactNode {
  const words = useWords()
  const form = useRef<HTMLFormElement>(null)
  const [draft, setDraft] = useState(() => freshDraft(site, administrator.actor, serverNow()))
  const [sent, setSent] = useState(false)
  const { busy, error, answer, run } = useAct('declareWindow', administrator, WINDOW_READS)
  const faults = sent ? faultsOf(draft) : {}
  const fields = { draft, faults, onChange: (changes: Partial<Draft>) => setDraft({ ...draft, ...changes }) }
  const submit = async (): Promise<void> => {
    const order = orderOf(draft)
    setSent(order === undefined)
    if (order === undefined) {
      // After the faults are drawn: the first of them is where one has to go on.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
      return
    }
    if (await run({}, order)) setDraft(freshDraft(draft.site, draft.actor, serverNow()))
  }
  return (
    <form
      ref={form}
      className="fields"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy) void submit()
      }}
    >
      <PlaceFields {...fields} />
      <TimeFields {...fields} />
      <ReasonFields {...fields} />
      <p className="fields-foot">
        <button type="submit" className="button" data-primary="true" disabled={busy}>
          {words.windows.declare}
        </button>{' '}
        {answer ? (
          <Link role="status" to={paths.entry(answer.position)}>
            {words.windows.done(formatNumber(answer.position))}
          </Link>
        ) : null}
      </p>
      {error ? <Trouble error={error} /> : null}
    </form>
  )
}
