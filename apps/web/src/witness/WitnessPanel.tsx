import type { Grade } from '@oiltrail/domain'
import { type ReactNode, useMemo } from 'react'
import { Chart, type ChartOption, useChartBase } from '../charts/Chart.tsx'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { useWords } from '../settings.tsx'
import { formatDate, formatLitres, formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { type Balance, type BalanceDay, type Estimate, weigh } from './balance.ts'
import './witness.css'

interface WitnessPanelProps {
  readonly grade: Grade
  readonly days: readonly BalanceDay[]
  readonly skipped: number
}

/** `+12.3 ± 40.1 L/d`, and its share of the sales. */
function Difference({ of, daily }: { of: Estimate | undefined; daily: number }): ReactNode {
  const words = useWords()
  if (!of) return <span className="faint">—</span>
  const sign = of.mean > 0 ? '+' : ''
  return (
    <>
      <strong>
        {sign}
        {formatLitres(of.mean, 1)}
      </strong>{' '}
      ± {formatLitres(of.within, 1)} <span className="figure-unit">L</span>
      {daily > 0 ? (
        <span className="small faint">
          {' '}
          {words.witness.share} {sign}
          {formatNumber((of.mean / daily) * 100, 2)} %
        </span>
      ) : null}
    </>
  )
}

/** What can be said, in words, and what needs more days. */
function Verdict({ balance }: { balance: Balance }): ReactNode {
  const words = useWords()
  const good = balance.findings.every((finding) => finding === 'agree')
  const unsure = balance.findings.includes('insufficient')
  return (
    <>
      {balance.findings.map((finding) => (
        <p key={finding} className="witness-verdict" data-state={unsure ? 'unsure' : good ? 'good' : 'bad'}>
          {unsure ? '○' : good ? '✓' : '▲'} {words.witness.finding[finding]}
        </p>
      ))}
      {balance.tank && !unsure ? (
        <p className="small soft">
          {words.witness.canSay(formatLitres(balance.tank.within))}
          {balance.next
            ? ` · ${words.witness.needs(balance.next.days, String(balance.next.percent))}`
            : balance.reachedPercent === undefined
              ? ''
              : ` · ${words.witness.reached(String(balance.reachedPercent))}`}
        </p>
      ) : null}
    </>
  )
}

function DifferenceChart({
  days,
  balance,
  grade,
}: {
  days: readonly BalanceDay[]
  balance: Balance
  grade: Grade
}): ReactNode {
  const base = useChartBase()
  const words = useWords()
  const { tank } = balance
  const option = useMemo<ChartOption>(
    () => ({
      animation: false,
      grid: { left: 4, right: 8, top: 10, bottom: 2, containLabel: true },
      tooltip: {
        ...base.tooltip,
        valueFormatter: (value: unknown) => `${formatNumber(Number(value), 1)} L`,
      },
      xAxis: {
        type: 'category',
        data: days.map(({ day }) => formatDate(day).slice(5)),
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
          name: words.witness.tankDifference,
          barMaxWidth: 18,
          itemStyle: { color: GRADE_COLOURS[grade] },
          data: days.map((day) => Math.round((day.tankMillilitres - day.pulsesMillilitres) / 100) / 10),
          ...(tank
            ? {
                markArea: {
                  silent: true,
                  itemStyle: { color: base.tokens.mark, opacity: 0.7 },
                  data: [
                    [
                      { yAxis: (tank.mean - tank.within) / 1000 },
                      { yAxis: (tank.mean + tank.within) / 1000 },
                    ],
                  ],
                },
              }
            : {}),
        },
      ],
    }),
    [days, tank, grade, base, words],
  )
  return <Chart option={option} height={170} label={words.witness.chart} />
}

function DayTable({ days }: { days: readonly BalanceDay[] }): ReactNode {
  const words = useWords()
  const litres = (key: string, title: string, of: (day: BalanceDay) => number): Column<BalanceDay> => ({
    key,
    title,
    right: true,
    cell: (day) => <Litres millilitres={of(day)} />,
  })
  const columns: Column<BalanceDay>[] = [
    { key: 'day', title: words.witness.day, cell: (day) => formatDate(day.day) },
    litres('opening', words.witness.opening, (day) => day.openingMillilitres),
    litres('received', words.witness.received, (day) => day.receivedMillilitres),
    litres('closing', words.witness.closing, (day) => day.closingMillilitres),
    litres('tank', words.witness.tankSays, (day) => day.tankMillilitres),
    litres('pulses', words.witness.soldBy, (day) => day.pulsesMillilitres),
    litres('board', words.witness.boardSays, (day) => day.boardMillilitres),
    litres('difference', words.witness.tankDifference, (day) => day.tankMillilitres - day.pulsesMillilitres),
  ]
  return (
    <details className="witness-days">
      <summary>{words.witness.table}</summary>
      <Table
        columns={columns}
        rows={[...days].reverse()}
        rowKey={(day) => String(day.day)}
        empty={words.witness.noDays}
      />
    </details>
  )
}

/** One grade: what each witness says, whether they agree, and how sure that is. */
export function WitnessPanel({ grade, days, skipped }: WitnessPanelProps): ReactNode {
  const words = useWords()
  const balance = useMemo(() => weigh(days), [days])
  const sum = (of: (day: BalanceDay) => number): number => days.reduce((total, day) => total + of(day), 0)
  const note = skipped > 0 ? ` · ${words.witness.skipped(skipped)}` : ''
  return (
    <Panel
      title={<GradeTag grade={grade} full />}
      extra={`${words.witness.days(days.length)}${note}`}
      className="half"
    >
      <Verdict balance={balance} />
      {days.length === 0 ? (
        <p className="quiet">{words.witness.noDays}</p>
      ) : (
        <>
          <dl className="facts witness-facts">
            <div>
              <dt>{words.witness.soldBy}</dt>
              <dd>
                <Litres millilitres={sum((day) => day.pulsesMillilitres)} />
              </dd>
            </div>
            <div>
              <dt>{words.witness.boardSays}</dt>
              <dd>
                <Litres millilitres={sum((day) => day.boardMillilitres)} />
              </dd>
            </div>
            <div>
              <dt>{words.witness.tankSays}</dt>
              <dd>
                <Litres millilitres={sum((day) => day.tankMillilitres)} />
              </dd>
            </div>
            <div>
              <dt>
                {words.witness.tankDifference} · {words.witness.perDay}
              </dt>
              <dd>
                <Difference of={balance.tank} daily={balance.dailyMillilitres} />
              </dd>
            </div>
            <div>
              <dt>
                {words.witness.boardDifference} · {words.witness.perDay}
              </dt>
              <dd>
                <Difference of={balance.board} daily={balance.dailyMillilitres} />
              </dd>
            </div>
          </dl>
          <DifferenceChart days={days} balance={balance} grade={grade} />
          <p className="small faint">{words.witness.chartNote}</p>
          <DayTable days={days} />
        </>
      )}
    </Panel>
  )
}
