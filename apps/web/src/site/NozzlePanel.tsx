import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { Age } from '../parts/Age.tsx'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { useWords } from '../settings.tsx'
import { formatYuan } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { Figure } from '../ui/Figure.tsx'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'

type Nozzle = Answer<'site'>['nozzles'][number]

/** What a nozzle is, and what it does this moment. */
function liveColumns(words: Words): Column<Nozzle>[] {
  return [
    {
      key: 'nozzle',
      title: words.site.nozzle,
      cell: (n) => <strong>{n.arm ? `${words.site.arm} ${n.nozzle}` : n.nozzle}</strong>,
    },
    { key: 'dispenser', title: words.site.dispenser, cell: (n) => (n.arm ? '—' : n.dispenser) },
    { key: 'tank', title: words.site.tank, cell: (n) => n.tank },
    { key: 'grade', title: words.site.grade, cell: (n) => <GradeTag grade={n.grade} /> },
    {
      key: 'flow',
      title: words.site.state,
      cell: (n) => (
        <span className={n.flow === 'fuelling' ? 'fuelling' : n.flow === 'unknown' ? 'faint' : 'soft'}>
          {words.flow[n.flow]}
        </span>
      ),
    },
    {
      key: 'running',
      title: words.site.running,
      right: true,
      cell: (n) =>
        n.flow === 'fuelling' ? (
          <Litres millilitres={n.runningMillilitres} decimals={2} live />
        ) : (
          <span className="faint">—</span>
        ),
    },
    {
      key: 'price',
      title: words.site.price,
      right: true,
      cell: (n) =>
        n.priceFenPerLitre === undefined ? (
          <span className="faint">—</span>
        ) : (
          <Figure value={formatYuan(n.priceFenPerLitre)} unit="¥/L" live />
        ),
    },
  ]
}

/** What it did before: last sale, today, totalizer, and whether its line can be trusted. */
function pastColumns(words: Words, rows: readonly Nozzle[]): Column<Nozzle>[] {
  const sum = (of: (nozzle: Nozzle) => number): number => rows.reduce((total, row) => total + of(row), 0)
  return [
    {
      key: 'last',
      title: words.site.lastSale,
      right: true,
      cell: (n) =>
        n.lastSaleMillilitres === undefined ? (
          <span className="faint">—</span>
        ) : (
          <>
            <Litres millilitres={n.lastSaleMillilitres} decimals={2} live />{' '}
            <span className="small faint">
              <Age at={n.lastSaleAt} />
            </span>
          </>
        ),
    },
    {
      key: 'today',
      title: words.site.today,
      right: true,
      cell: (n) => <Litres millilitres={n.today.volumeMillilitres} live />,
      total: <Litres millilitres={sum((n) => n.today.volumeMillilitres)} live />,
    },
    {
      key: 'total',
      title: words.site.total,
      right: true,
      cell: (n) =>
        n.totalMillilitres === undefined ? (
          <span className="faint">—</span>
        ) : (
          <Litres millilitres={n.totalMillilitres} decimals={2} />
        ),
    },
    {
      key: 'line',
      title: words.site.line,
      cell: (n) => (
        <span className={n.line === 'normal' ? 'soft' : n.line === 'unknown' ? 'faint' : 'line-bad'}>
          {n.line === 'normal' || n.line === 'unknown' ? '' : '▲ '}
          {words.line[n.line]}
        </span>
      ),
    },
  ]
}

/** Every nozzle and arm of a site as it is now. */
export function NozzlePanel({ nozzles }: { nozzles: readonly Nozzle[] }): ReactNode {
  const words = useWords()
  return (
    <Panel title={words.site.nozzles}>
      <Table
        columns={[...liveColumns(words), ...pastColumns(words, nozzles)]}
        rows={nozzles}
        rowKey={(nozzle) => `${nozzle.arm}${nozzle.nozzle}`}
        empty={words.empty.nozzles}
        totals
      />
    </Panel>
  )
}
