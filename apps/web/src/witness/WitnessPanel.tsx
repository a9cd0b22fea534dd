import { type ReactNode, useMemo } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { Chart, type ChartOption, useChartBase } from '../charts/Chart.tsx'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { useSettings, useWords } from '../settings.tsx'
import { formatDate, formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import './witness.css'

type Grade = Answer<'witnesses'>['grades'][number]
type Day = Grade['days'][number]

/** How grave each conclusion looks. */
const LOOKS: Readonly<Record<Grade['conclusion'], 'good' | 'bad' | 'unsure'>> = {
  silent: 'unsure',
  open: 'unsure',
  agree: 'good',
  'books-agree': 'good',
  'board-short': 'bad',
  'pulses-over': 'bad',
  'board-over': 'bad',
  'tank-more': 'bad',
  'tank-less': 'bad',
}
const SIGNS = { good: '✓', bad: '▲', unsure: '○' } as const
const PAIR_LOOKS = { agree: 'good', differ: 'bad', open: 'unsure' } as const

/** The conclusion, and each pair in a sentence: as the platform says them. */
function Says({ of }: { of: Grade }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const look = LOOKS[of.conclusion]
  return (
    <>
      <p className="witness-verdict" data-state={look}>
        {SIGNS[look]} {of.says[language]}
      </p>
      <ul className="witness-pairs small">
        {of.pairs.map((pair) => (
          <li key={pair.pair} data-state={PAIR_LOOKS[pair.verdict]}>
            {pair.says[language]}
          </li>
        ))}
      </ul>
      {of.undecidedTanks.length > 0 ? (
        <p className="small witness-caution">{words.witness.undecided(of.undecidedTanks.join('、'))}</p>
      ) : null}
    </>
  )
}

function Told({ label, millilitres }: { label: string; millilitres: number | undefined }): ReactNode {
  const words = useWords()
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {millilitres === undefined ? (
          <span className="faint">{words.witness.silent}</span>
        ) : (
          <Litres millilitres={millilitres} />
        )}
      </dd>
    </div>
  )
}

function DifferenceChart({ of }: { of: Grade }): ReactNode {
  const base = useChartBase()
  const words = useWords()
  const option = useMemo<ChartOption>(
    () => ({
      animation: false,
      grid: { left: 4, right: 8, top: 10, bottom: 2, containLabel: true },
      tooltip: {
        ...base.tooltip,
        valueFormatter: (value: unknown) => (value === null ? '—' : `${formatNumber(Number(value), 1)} L`),
      },
      xAxis: {
        type: 'category',
        data: of.days.map(({ from }) => formatDate(from).slice(5)),
        ...base.axis,
        axisLine: { onZero: true, lineStyle: { color: base.tokens.inkFaint } },
      },
      yAxis: {
        type: 'value',
        ...base.quietAxis,
        splitNumber: 3,
        axisLabel: { ...base.text, formatter: (value: number) => formatNumber(value) },
      },
      series: [
        {
          type: 'bar',
          name: words.witness.tankLessBoard,
          barMaxWidth: 18,
          itemStyle: { color: GRADE_COLOURS[of.grade] },
          data: of.days.map(({ tankMillilitres, boardMillilitres }) =>
            tankMillilitres === undefined
              ? null
              : Math.round((tankMillilitres - boardMillilitres) / 100) / 10,
          ),
        },
      ],
    }),
    [of, base, words],
  )
  return <Chart option={option} height={150} label={words.witness.chart} />
}

function DayTable({ days }: { days: readonly Day[] }): ReactNode {
  const words = useWords()
  const litres = (key: string, title: string, of: (day: Day) => number | undefined): Column<Day> => ({
    key,
    title,
    right: true,
    cell: (day) => {
      const millilitres = of(day)
      return millilitres === undefined ? (
        <span className="faint">—</span>
      ) : (
        <Litres millilitres={millilitres} />
      )
    },
  })
  const columns: Column<Day>[] = [
    { key: 'day', title: words.witness.day, cell: (day) => formatDate(day.from) },
    litres('pulses', words.witness.pulses, (day) => day.pulsesMillilitres),
    litres('tapped', words.witness.boardTapped, (day) => day.boardTappedMillilitres),
    litres('board', words.witness.board, (day) => day.boardMillilitres),
    litres('tank', words.witness.tank, (day) => day.tankMillilitres),
    {
      key: 'deliveries',
      title: words.witness.deliveries,
      right: true,
      cell: (day) => formatNumber(day.deliveries),
    },
  ]
  return (
    <details className="witness-days">
      <summary>{words.witness.table}</summary>
      <Table
        columns={columns}
        rows={[...days].reverse()}
        rowKey={(day) => String(day.from)}
        empty={words.witness.noDays}
      />
    </details>
  )
}

/** One grade: what each witness says, what can be concluded, and what needs more days. */
export function WitnessPanel({ of }: { of: Grade }): ReactNode {
  const words = useWords()
  const extra = [
    words.witness.compared(formatNumber(of.comparedDays, 1)),
    words.witness.chartError(formatNumber(of.chartErrorPercent, 2)),
    ...(of.chartedTanks.length > 0 ? [words.witness.charted(of.chartedTanks.join('、'))] : []),
  ]
  return (
    <Panel title={<GradeTag grade={of.grade} full />} extra={extra.join(' · ')} className="half">
      <Says of={of} />
      <dl className="facts witness-facts">
        <Told label={words.witness.pulses} millilitres={of.pulsesMillilitres} />
        <Told label={words.witness.boardTapped} millilitres={of.boardTappedMillilitres} />
        <Told label={words.witness.board} millilitres={of.boardMillilitres} />
        <Told label={words.witness.tank} millilitres={of.tankMillilitres} />
      </dl>
      <DifferenceChart of={of} />
      <p className="small faint">{words.witness.chartNote}</p>
      <DayTable days={of.days} />
    </Panel>
  )
}
