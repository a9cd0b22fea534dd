import { LONGEST_NOTE } from '@oiltrail/domain'
import { DAY_MS } from '@oiltrail/kernel'
import { Input, Select } from 'antd'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import type { Administrator } from '../admin.ts'
import { settingText } from '../alarms/facts.ts'
import type { CallError } from '../api/client.ts'
import { serverNow } from '../api/clock.ts'
import type { Answer } from '../api/endpoints.ts'
import { signature, useAct } from '../api/useAct.ts'
import '../log/log.css'
import { SiteSelect } from '../parts/SiteSelect.tsx'
import { TokenGate } from '../parts/TokenGate.tsx'
import { Trouble } from '../parts/Trouble.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { type Draft, type Proposal, proposalOf, sameValues, shownUnit } from './propose.ts'
import type { RuleRow } from './RuleList.tsx'
import './rules.css'
import { TrialResult } from './TrialResult.tsx'

type Setting = RuleRow['settings'][number]

/** Spans a trial may run over. */
const TRIAL_DAYS = [1, 7, 30] as const

interface Tried {
  readonly values: Proposal['values']
  readonly site: string
  readonly answer: Answer<'trySettings'>
}

/** Settings in force with their bounds, and beside each what is proposed. */
function SettingFields(props: {
  rule: RuleRow
  draft: Draft
  wrong: readonly string[]
  onDraft: (draft: Draft) => void
}): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const columns: Column<Setting>[] = [
    { key: 'label', title: words.alarm.setting, cell: (row) => row.label[language] },
    {
      key: 'value',
      title: words.rules.settings,
      right: true,
      cell: (row) => <strong>{settingText(row.value, row.unit)}</strong>,
    },
    {
      key: 'proposed',
      title: words.rules.proposed,
      cell: (row) => (
        <Input
          size="small"
          style={{ width: 150 }}
          inputMode="decimal"
          maxLength={20}
          suffix={<span className="faint">{shownUnit(row).unit}</span>}
          aria-label={`${words.rules.proposed} ${row.label[language]}`}
          value={props.draft[row.key] ?? String(row.value / shownUnit(row).factor)}
          {...(props.wrong.includes(row.key) ? { status: 'error' as const } : {})}
          onChange={(event) => props.onDraft({ ...props.draft, [row.key]: event.target.value })}
        />
      ),
    },
    {
      key: 'range',
      title: words.rules.range,
      cell: (row) => (
        <span className={props.wrong.includes(row.key) ? 'line-bad' : 'small faint'}>
          {settingText(row.least, row.unit)} – {settingText(row.most, row.unit)}
        </span>
      ),
    },
    {
      key: 'source',
      title: words.alarm.source,
      cell: (row) => (
        <span className="small soft">
          {words.alarm.asDefault} {settingText(row.default, row.unit)} · {row.source} · {row.effective}
        </span>
      ),
    },
  ]
  return (
    <Table
      columns={columns}
      rows={props.rule.settings}
      rowKey={(row) => row.key}
      empty={words.alarm.noSettings}
    />
  )
}

/** Reason and the button that puts a tried proposal in force. */
function Activate(props: {
  rule: RuleRow
  tried: Tried
  administrator: Administrator
  onDone: (position: number) => void
}): ReactNode {
  const words = useWords()
  const [reason, setReason] = useState('')
  const { rule, tried, administrator } = props
  const { busy, error, run } = useAct('changeSettings', administrator, ['rules', 'ruleHistory'])
  const submit = async (): Promise<void> => {
    const { site, values } = tried
    const order = { site, values, reason: reason.trim(), ...signature(administrator) }
    const done = await run({ rule: rule.rule }, order)
    if (done) props.onDone(done.position)
  }
  return (
    <form
      className="action-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!busy && reason.trim() !== '') void submit()
      }}
    >
      <Input
        style={{ flex: '1 1 280px', maxWidth: 560 }}
        maxLength={LONGEST_NOTE}
        aria-label={words.rules.reason}
        placeholder={words.rules.noteReason}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <button type="submit" className="button" data-primary="true" disabled={busy || reason.trim() === ''}>
        {words.rules.activate}
      </button>
      {error ? <Trouble error={error} /> : null}
    </form>
  )
}

interface TrialFormProps {
  readonly rule: RuleRow
  readonly proposal: Proposal
  readonly administrator: Administrator
}

/** Runs a proposal over past data and keeps what came of it. */
function useTrial({ rule, proposal, administrator }: TrialFormProps): {
  busy: boolean
  tried: Tried | undefined
  error: CallError | undefined
  run: (site: string, days: number) => Promise<void>
} {
  const [tried, setTried] = useState<Tried>()
  const { busy, error, run } = useAct('trySettings', administrator, [])
  return {
    busy,
    tried,
    error,
    async run(site, days) {
      const to = Math.floor(serverNow())
      const { values } = proposal
      const answer = await run({ rule: rule.rule }, { site, values, from: to - days * DAY_MS, to })
      if (answer) setTried({ values, site, answer })
    },
  }
}

interface ScopeProps {
  readonly site: string
  readonly days: number
  readonly onSite: (site: string) => void
  readonly onDays: (days: number) => void
}

/** The county or one site, and how far back. */
function TrialScope({ site, days, onSite, onDays }: ScopeProps): ReactNode {
  const words = useWords()
  return (
    <>
      <SiteSelect label={words.rules.scope} all={words.rules.county} value={site} onChange={onSite} />
      <Select
        aria-label={words.rules.span}
        value={days}
        onChange={onDays}
        options={TRIAL_DAYS.map((value) => ({ value, label: words.rules.days(value) }))}
      />
    </>
  )
}

/** Scope and span of the trial, its result, and then the change itself. */
function TrialForm(props: TrialFormProps): ReactNode {
  const { rule, proposal, administrator } = props
  const words = useWords()
  const [site, setSite] = useState('')
  const [days, setDays] = useState<number>(7)
  const [activated, setActivated] = useState<number>()
  const { busy, tried, error, run } = useTrial(props)
  const empty = Object.keys(proposal.values).length === 0
  const ready = !busy && !empty && proposal.wrong.length === 0
  const current = tried && tried.site === site && sameValues(tried.values, proposal.values)
  return (
    <>
      <div className="action-form">
        <TrialScope site={site} days={days} onSite={setSite} onDays={setDays} />
        <button
          type="button"
          className="button"
          data-primary={!current}
          disabled={!ready}
          onClick={() => {
            setActivated(undefined)
            void run(site, days)
          }}
        >
          {busy ? words.rules.trying : words.rules.try}
        </button>
        {empty && proposal.wrong.length === 0 ? (
          <span className="small faint">{words.rules.needChange}</span>
        ) : null}
      </div>
      {error ? <Trouble error={error} /> : null}
      {tried ? <TrialResult rule={rule.rule} site={tried.site} answer={tried.answer} /> : null}
      {activated === undefined ? null : (
        <p className="verdict" role="status">
          <Link to={paths.entry(activated)}>{words.rules.activated(formatNumber(activated))}</Link>
        </p>
      )}
      {tried && current && !empty ? (
        <Activate rule={rule} tried={tried} administrator={administrator} onDone={setActivated} />
      ) : empty ? null : (
        <p className="small faint">{words.rules.tryFirst}</p>
      )}
    </>
  )
}

/** The settings of a rule, and a change of them: tried on past data first, then put in force with a reason. */
export function ProposePanel({ rule }: { rule: RuleRow }): ReactNode {
  const words = useWords()
  const [draft, setDraft] = useState<Draft>({})
  const proposal = proposalOf(rule.settings, draft)
  return (
    <Panel title={words.rules.propose} extra={words.rules.proposeNote}>
      <SettingFields rule={rule} draft={draft} wrong={proposal.wrong} onDraft={setDraft} />
      <TokenGate reason={words.rules.needToken}>
        {(administrator) => <TrialForm rule={rule} proposal={proposal} administrator={administrator} />}
      </TokenGate>
    </Panel>
  )
}
