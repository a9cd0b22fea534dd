import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'

type Delivery = Answer<'site'>['deliveries'][number]
type Sale = Answer<'siteSales'>[number]

/** Deliveries of the span as the gauge saw them. */
export function DeliveryPanel({ deliveries }: { deliveries: readonly Delivery[] }): ReactNode {
  const words = useWords()
  const columns: Column<Delivery>[] = [
    { key: 'to', title: words.site.time, cell: (d) => formatShortMoment(d.endedAt) },
    { key: 'tank', title: words.site.tank, cell: (d) => d.tank },
    { key: 'grade', title: words.site.grade, cell: (d) => <GradeTag grade={d.grade} /> },
    {
      key: 'before',
      title: words.site.before,
      right: true,
      cell: (d) => <Litres millilitres={d.startMillilitres} />,
    },
    {
      key: 'after',
      title: words.site.after,
      right: true,
      cell: (d) => <Litres millilitres={d.endMillilitres} />,
    },
    {
      key: 'received',
      title: words.site.received,
      right: true,
      cell: (d) => (
        <strong>
          <Litres millilitres={d.endMillilitres - d.startMillilitres} />
        </strong>
      ),
    },
    {
      key: 'position',
      title: words.site.position,
      right: true,
      cell: (d) => <Link to={paths.entry(d.position)}>#{formatNumber(d.position)}</Link>,
    },
  ]
  return (
    <Panel title={words.site.deliveries} className="half">
      <Table
        columns={columns}
        rows={deliveries.slice(0, 12)}
        rowKey={(d) => `${d.position}.${d.seq}`}
        empty={words.empty.deliveries}
      />
    </Panel>
  )
}

/** The newest sales of the span, each with its place in the log. */
export function SalesPanel({ sales }: { sales: readonly Sale[] }): ReactNode {
  const words = useWords()
  const columns: Column<Sale>[] = [
    { key: 'at', title: words.site.time, cell: (s) => formatShortMoment(s.endedAt) },
    { key: 'nozzle', title: words.site.nozzle, cell: (s) => s.nozzle },
    { key: 'grade', title: words.site.grade, cell: (s) => <GradeTag grade={s.grade} /> },
    {
      key: 'volume',
      title: words.site.volume,
      right: true,
      cell: (s) => <Litres millilitres={s.volumeMillilitres} decimals={2} />,
    },
    {
      key: 'amount',
      title: words.site.amount,
      right: true,
      cell: (s) =>
        s.amountFen === undefined ? (
          <span className="faint">{words.site.unpriced}</span>
        ) : (
          <span>¥ {formatNumber(s.amountFen / 100, 2)}</span>
        ),
    },
    {
      key: 'source',
      title: words.site.source,
      cell: (s) => <span className="soft">{words.source[s.source]}</span>,
    },
    {
      key: 'position',
      title: words.site.position,
      right: true,
      cell: (s) => <Link to={paths.entry(s.position)}>#{formatNumber(s.position)}</Link>,
    },
  ]
  return (
    <Panel title={words.site.recentSales} className="half">
      <Table
        columns={columns}
        rows={sales.slice(0, 12)}
        rowKey={(s) => `${s.position}.${s.seq}`}
        empty={words.empty.statistics}
      />
    </Panel>
  )
}
