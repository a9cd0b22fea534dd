import { dayIndex, fromChina } from '@oiltrail/kernel'
import { Popover } from 'antd'
import { type ReactNode, useState } from 'react'
import { useNow } from '../api/clock.ts'
import { type DaySpan, dateOf, dayOf, LONGEST_DAYS, type Preset } from '../pages/span.ts'
import { useWords } from '../settings.tsx'
import { Choice } from '../ui/Choice.tsx'

interface SpanPickerProps {
  readonly span: DaySpan & { preset?: Preset }
  readonly presets: readonly Preset[]
  /** Writes the choice into the address. */
  readonly onChange: (changes: Readonly<Record<string, string | undefined>>) => void
}

/** One month of days; the first click begins a span, the second ends it. */
function Month(props: {
  first: { year: number; month: number }
  today: number
  start: number | undefined
  span: DaySpan
  onDay: (day: number) => void
}): ReactNode {
  const words = useWords()
  const { year, month } = props.first
  const begin = dayIndex(fromChina(year, month, 1))
  const count = dayIndex(fromChina(year, month + 1, 1)) - begin
  // 1970-01-01 was a Thursday: (day + 3) mod 7 is 0 on Mondays.
  const lead = (begin + 3) % 7
  const [from, to] = [dayOf(props.span.from) ?? 0, dayOf(props.span.to) ?? 0]
  return (
    <div className="month">
      {words.range.weekdays.map((name) => (
        <span key={name} className="small faint">
          {name}
        </span>
      ))}
      {Array.from({ length: count }, (_, i) => begin + i).map((day, i) => (
        <button
          key={day}
          type="button"
          style={i === 0 ? { gridColumnStart: lead + 1 } : undefined}
          aria-label={dateOf(day)}
          aria-pressed={props.start === undefined ? day >= from && day <= to : day === props.start}
          disabled={day > props.today}
          onClick={() => props.onDay(day)}
        >
          {i + 1}
        </button>
      ))}
    </div>
  )
}

function Calendar({ span, onChoose }: { span: DaySpan; onChoose: (span: DaySpan) => void }): ReactNode {
  const words = useWords()
  const today = dayIndex(useNow(60_000))
  const shown = (dayOf(span.to) ?? today) * 1
  const [year, month] = dateOf(shown).split('-').map(Number) as [number, number]
  const [first, setFirst] = useState({ year, month })
  const [start, setStart] = useState<number>()
  const turn = (by: number): void => {
    const index = first.year * 12 + first.month - 1 + by
    setFirst({ year: Math.floor(index / 12), month: (index % 12) + 1 })
  }
  const pick = (day: number): void => {
    if (start === undefined) {
      setStart(day)
      return
    }
    const [from, to] = [Math.min(start, day), Math.max(start, day)]
    setStart(undefined)
    onChoose({ from: dateOf(Math.max(from, to - LONGEST_DAYS + 1)), to: dateOf(to) })
  }
  return (
    <div className="calendar">
      <div className="calendar-head">
        <button type="button" aria-label={words.range.previous} onClick={() => turn(-1)}>
          ‹
        </button>
        <strong>
          {first.year}-{String(first.month).padStart(2, '0')}
        </strong>
        <button type="button" aria-label={words.range.next} onClick={() => turn(1)}>
          ›
        </button>
      </div>
      <Month first={first} today={today} start={start} span={span} onDay={pick} />
      <p className="small faint">{start === undefined ? words.range.pickStart : words.range.pickEnd}</p>
    </div>
  )
}

/** The span of a whole page: a few usual ones, or any days from a calendar. */
export function SpanPicker({ span, presets, onChange }: SpanPickerProps): ReactNode {
  const words = useWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Choice
        label={words.range.label}
        value={span.preset ?? 'custom'}
        options={presets.map((preset) => ({ value: preset, label: words.range[preset] }))}
        onChange={(preset) => onChange({ span: preset, from: undefined, to: undefined, page: undefined })}
      />
      <Popover
        open={open}
        onOpenChange={setOpen}
        trigger="click"
        placement="bottomRight"
        content={
          <Calendar
            span={span}
            onChoose={({ from, to }) => {
              setOpen(false)
              onChange({ from, to, span: undefined, page: undefined })
            }}
          />
        }
      >
        <button type="button" className="button" aria-label={words.range.custom}>
          {span.from === span.to ? span.from : `${span.from} – ${span.to}`}
        </button>
      </Popover>
    </>
  )
}
