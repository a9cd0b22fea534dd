import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { TokenGate } from '../parts/TokenGate.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatLitres, formatNumber, formatShortMoment } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { DecideForm } from './DecideForm.tsx'
import { HeightChart } from './HeightChart.tsx'
import './witness.css'

type Charts = Answer<'charts'>
type TankChart = Charts['tanks'][number]
export type Proposal = NonNullable<TankChart['proposal']>
type Decision = Charts['history'][number]
type Row = Proposal['rows'][number]

const percent = (value: number): string => formatNumber(value, 2)

/** The chart itself: height, present and proposed volume. */
function ChartRows({ rows }: { rows: readonly Row[] }): ReactNode {
  const words = useWords().witness.charts
  const columns: Column<Row>[] = [
    {
      key: 'height',
      title: words.height,
      right: true,
      cell: ([height]) => `${formatNumber(height / 1000)} mm`,
    },
    { key: 'present', title: words.present, right: true, cell: (row) => <Litres millilitres={row[1]} /> },
    { key: 'proposed', title: words.proposed, right: true, cell: (row) => <Litres millilitres={row[2]} /> },
    {
      key: 'change',
      title: words.change,
      right: true,
      cell: (row) => <Litres millilitres={row[2] - row[1]} />,
    },
  ]
  return (
    <details className="witness-days">
      <summary>{words.table}</summary>
      <Table columns={columns} rows={rows} rowKey={(row) => String(row[0])} empty="—" />
    </details>
  )
}

/** What a proposal rests on, in figures. */
function ProposalFacts({ of }: { of: Proposal }): ReactNode {
  const words = useWords().witness.charts
  const { deliveries } = of
  const facts: [string, string][] = [
    [words.bend, `${formatLitres(of.bendMillilitres, 1)} L`],
    [words.scale, `${percent(of.scalePercent)} ± ${percent(of.scaleHalfWidthPercent)} %`],
    [words.halfWidth, `± ${formatLitres(of.halfWidthMillilitres, 1)} L`],
    [
      words.residual,
      `${formatLitres(of.residualBeforeMillilitres, 1)} → ${formatLitres(of.residualAfterMillilitres, 1)} L`,
    ],
    [words.basis, words.basisOf(of.bands.length, of.passages, of.fillings, formatNumber(of.litres))],
    [
      words.deliveries,
      words.deliveriesOf(
        deliveries.matched,
        percent(deliveries.beforePercent),
        percent(deliveries.afterPercent),
        percent(deliveries.halfWidthPercent),
      ),
    ],
  ]
  return (
    <dl className="facts witness-facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A proposed chart with its form, open until it is decided; decided again when somebody thinks better of it. */
function ProposalView({ site, tank, of }: { site: string; tank: TankChart; of: Proposal }): ReactNode {
  const words = useWords().witness.charts
  return (
    <section className="chart-proposal">
      <h3>
        {words.tank} {tank.tank} <GradeTag grade={tank.grade} /> ·{' '}
        {words.proposedAt(formatShortMoment(of.at))}
      </h3>
      <p>{words.reason[of.reason]}</p>
      <p className={of.scaleConfirmed ? 'small soft' : 'small witness-caution'}>
        {of.scaleConfirmed ? words.scaleConfirmed : words.scaleOpen}
      </p>
      <ProposalFacts of={of} />
      <HeightChart rows={of.rows} grade={tank.grade} />
      <p className="small faint">{words.anchor}</p>
      <ChartRows rows={of.rows} />
      <TokenGate reason={words.needToken}>
        {(administrator) => (
          <DecideForm
            site={site}
            tank={tank.tank}
            proposal={{ position: of.position, seq: of.seq }}
            decided={tank.decision?.accepted}
            administrator={administrator}
          />
        )}
      </TokenGate>
    </section>
  )
}

function useStateWords(): (tank: TankChart) => string {
  const words = useWords().witness.charts
  return ({ proposal, decision }) => {
    if (!proposal) return words.none
    if (!decision) return words.waiting
    return decision.accepted ? words.accepted : words.rejected
  }
}

function TankTable({ tanks }: { tanks: readonly TankChart[] }): ReactNode {
  const words = useWords().witness.charts
  const stateOf = useStateWords()
  const columns: Column<TankChart>[] = [
    { key: 'tank', title: words.tank, cell: (row) => row.tank },
    { key: 'grade', title: '', cell: (row) => <GradeTag grade={row.grade} /> },
    { key: 'state', title: words.state, cell: stateOf },
    {
      key: 'learnt',
      title: words.basis,
      wideOnly: true,
      cell: (row) => words.learnt(row.fillings, formatNumber(row.litres)),
    },
    {
      key: 'force',
      title: '',
      cell: (row) => (row.inForce ? words.inForce(formatShortMoment(row.inForce.effectiveAt)) : ''),
    },
  ]
  return <Table columns={columns} rows={tanks} rowKey={(row) => row.tank} empty="—" />
}

function History({ rows }: { rows: readonly Decision[] }): ReactNode {
  const words = useWords().witness.charts
  const columns: Column<Decision>[] = [
    { key: 'at', title: words.effective, cell: (row) => formatShortMoment(row.statedAt) },
    { key: 'tank', title: words.tank, cell: (row) => row.tank },
    { key: 'state', title: words.state, cell: (row) => (row.accepted ? words.accepted : words.rejected) },
    { key: 'why', title: words.why, cell: (row) => row.reason },
    { key: 'by', title: words.by, wideOnly: true, cell: (row) => row.actor },
    {
      key: 'entry',
      title: words.entry,
      right: true,
      cell: (row) => <Link to={paths.entry(row.position)}>#{formatNumber(row.position)}</Link>,
    },
  ]
  return (
    <details className="witness-days" open={rows.length > 0}>
      <summary>{words.history}</summary>
      <Table columns={columns} rows={rows} rowKey={(row) => String(row.position)} empty={words.noHistory} />
    </details>
  )
}

/** Charts of a site's tanks: what was learnt, what is proposed, what was decided. */
export function ChartsPanel({ site }: { site: string }): ReactNode {
  const words = useWords().witness.charts
  const query = useRead('charts', { site }, {})
  return (
    <Panel title={words.title} extra={words.note}>
      <Loaded query={query} lines={4}>
        {({ tanks, history }) => (
          <>
            <TankTable tanks={tanks} />
            {tanks.map((tank) =>
              tank.proposal ? (
                <ProposalView key={tank.tank} site={site} tank={tank} of={tank.proposal} />
              ) : null,
            )}
            <History rows={history} />
          </>
        )}
      </Loaded>
    </Panel>
  )
}
