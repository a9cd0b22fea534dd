import { type Grade, LATEST_WITHDRAWAL_MS } from '@oiltrail/domain'
import { HOUR_MS } from '@oiltrail/kernel'
import { Input, Select } from 'antd'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import { type Administrator, useAdministrator } from '../admin.ts'
import '../alarms/alarms.css'
import { serverNow } from '../api/clock.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { signature, useAct } from '../api/useAct.ts'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { TokenGate } from '../parts/TokenGate.tsx'
import { Trouble } from '../parts/Trouble.tsx'
import { paths } from '../paths.ts'
import { numberOf } from '../rules/propose.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { WithdrawButton } from '../withdraw/WithdrawButton.tsx'
import { WithdrawnNote } from '../withdraw/WithdrawnNote.tsx'
import { fieldOfMoment, momentOfField } from './localTime.ts'

type Notice = Answer<'notices'>[number]

/** Newest notices that are shown. */
const SHOWN = 8
/** More than a road tanker and its trailer carry, or the barge of a depot. */
const MOST_LITRES = 2_000_000

interface FormProps {
  readonly site: string
  readonly grades: readonly Grade[]
  readonly administrator: Administrator
}

/** What is typed into the form. */
interface Draft {
  readonly grade: Grade | undefined
  readonly litres: string
  readonly when: string
  readonly supplier: string
  readonly plate: string
}

/** The notice a draft stands for; undefined while something is missing or out of bounds. */
function noticeOf(site: string, { grade, litres, when, supplier, plate }: Draft) {
  const volume = numberOf(litres) ?? 0
  const expectedAt = momentOfField(when)
  if (!grade || volume <= 0 || volume > MOST_LITRES || expectedAt === undefined || supplier.trim() === '')
    return undefined
  return {
    site,
    grade,
    volumeMillilitres: Math.round(volume * 1000),
    expectedAt,
    supplier: supplier.trim(),
    ...(plate.trim() ? { plate: plate.trim() } : {}),
  }
}

/** The fields of a notice: what, how much, when, from whom, with which lorry. */
function NoticeFields({ draft, grades, onChange }: NoticeFieldsProps): ReactNode {
  const words = useWords()
  return (
    <>
      <Select
        aria-label={words.notice.grade}
        style={{ minWidth: 110 }}
        value={draft.grade}
        onChange={(grade) => onChange({ grade })}
        options={grades.map((value) => ({ value, label: words.gradeFull[value] }))}
      />
      <Input
        style={{ width: 120 }}
        inputMode="decimal"
        maxLength={12}
        aria-label={words.notice.volume}
        placeholder={words.notice.volume}
        value={draft.litres}
        onChange={(event) => onChange({ litres: event.target.value })}
      />
      <Input
        style={{ width: 200 }}
        type="datetime-local"
        aria-label={words.notice.expected}
        value={draft.when}
        onChange={(event) => onChange({ when: event.target.value })}
      />
      <Input
        style={{ width: 180 }}
        maxLength={80}
        aria-label={words.notice.supplier}
        placeholder={words.notice.supplier}
        value={draft.supplier}
        onChange={(event) => onChange({ supplier: event.target.value })}
      />
      <Input
        style={{ width: 110 }}
        maxLength={16}
        aria-label={words.notice.plate}
        placeholder={words.notice.plate}
        value={draft.plate}
        onChange={(event) => onChange({ plate: event.target.value })}
      />
    </>
  )
}
interface NoticeFieldsProps {
  readonly draft: Draft
  readonly grades: readonly Grade[]
  readonly onChange: (changes: Partial<Draft>) => void
}

/** Registers a delivery before it comes. */
function NoticeForm({ site, grades, administrator }: FormProps): ReactNode {
  const words = useWords()
  const [draft, setDraft] = useState<Draft>(() => ({
    grade: grades[0],
    litres: '',
    when: fieldOfMoment(serverNow() + HOUR_MS),
    supplier: '',
    plate: '',
  }))
  const { busy, error, answer, run } = useAct('registerNotice', administrator, ['notices'])
  const notice = noticeOf(site, draft)
  const change = (changes: Partial<Draft>): void => setDraft((old) => ({ ...old, ...changes }))
  const submit = async (): Promise<void> => {
    if (!notice || busy) return
    if (await run({}, { ...notice, ...signature(administrator) })) change({ litres: '' })
  }
  return (
    <form
      className="action-form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <NoticeFields draft={draft} grades={grades} onChange={change} />
      <button type="submit" className="button" data-primary="true" disabled={!notice || busy}>
        {words.notice.register}
      </button>
      {answer ? (
        <Link role="status" to={paths.entry(answer.position)}>
          {words.notice.registered(formatNumber(answer.position))}
        </Link>
      ) : null}
      {error ? <Trouble error={error} /> : null}
    </form>
  )
}

/** That a notice was taken back, or, for an administrator, the button that does it while it can still matter. */
function NoticeState({ row, administrator }: NoticeStateProps): ReactNode {
  const words = useWords()
  if (row.withdrawn) return <WithdrawnNote withdrawn={row.withdrawn} word={words.withdraw.withdrawn} />
  if (!administrator || row.expectedAt < serverNow() - LATEST_WITHDRAWAL_MS) return null
  return (
    <WithdrawButton
      call="withdrawNotice"
      params={{ notice: row.notice }}
      administrator={administrator}
      renewed={['notices', 'alarms', 'alarmPlaces']}
      label={words.withdraw.withdraw}
      what={
        <>
          {formatShortMoment(row.expectedAt)} · {words.gradeFull[row.grade]} ·{' '}
          <Litres millilitres={row.volumeMillilitres} /> · {row.supplier} · {row.notice}
        </>
      }
      consequence={words.withdraw.notice}
    />
  )
}
interface NoticeStateProps {
  readonly row: Notice
  readonly administrator: Administrator | undefined
}

/** Deliveries registered for a site before they come, and the form that registers one. */
export function NoticePanel({ site, grades }: { site: string; grades: readonly Grade[] }): ReactNode {
  const words = useWords()
  const administrator = useAdministrator()
  const query = useRead('notices', {}, { site, limit: SHOWN })
  const columns: Column<Notice>[] = [
    { key: 'at', title: words.notice.expected, cell: (row) => formatShortMoment(row.expectedAt) },
    { key: 'grade', title: words.notice.grade, cell: (row) => <GradeTag grade={row.grade} /> },
    {
      key: 'volume',
      title: words.notice.volume,
      right: true,
      cell: (row) => <Litres millilitres={row.volumeMillilitres} />,
    },
    { key: 'supplier', title: words.notice.supplier, cell: (row) => row.supplier },
    { key: 'plate', title: words.notice.plate, cell: (row) => row.plate ?? '—' },
    {
      key: 'entry',
      title: words.notice.entry,
      right: true,
      cell: (row) => <Link to={paths.entry(row.position)}>#{formatNumber(row.position)}</Link>,
    },
    { key: 'state', title: '', cell: (row) => <NoticeState row={row} administrator={administrator} /> },
  ]
  return (
    <Panel title={words.notice.title} extra={words.notice.note}>
      <Loaded query={query} lines={2}>
        {(rows) => (
          <Table
            stacked
            columns={columns}
            rows={rows}
            rowKey={(row) => row.notice}
            empty={words.notice.empty}
          />
        )}
      </Loaded>
      <TokenGate reason={words.notice.needToken}>
        {(administrator) => <NoticeForm site={site} grades={grades} administrator={administrator} />}
      </TokenGate>
    </Panel>
  )
}
