import type { ReactNode } from 'react'
import { GradeTag } from '../parts/GradeTag.tsx'
import { useWords } from '../settings.tsx'
import {
  changePercent,
  formatBucket,
  formatChange,
  formatLitres,
  formatNumber,
  formatYuan,
  spaced,
} from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { Pager } from '../ui/Pager.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { type ComparedRow, type Totals, totalsOf } from './compare.ts'
import type { Question } from './question.ts'

/** Rows of a page: what fits at 1366×768 below the filters. */
export const PAGE_ROWS = 20

function changeCell(now: number, before: number | undefined): ReactNode {
  const percent = before === undefined ? undefined : changePercent(now, before)
  return percent === undefined ? <span className="faint">—</span> : formatChange(percent)
}

/** A unit in a heading, so that it does not repeat in every row. */
function withUnit(title: string, unit: string): ReactNode {
  return (
    <>
      {title} <span className="faint">{unit}</span>
    </>
  )
}

type Columns = Column<ComparedRow>[]

/** What a row is about: time, place, grade. */
function keyColumns(words: Words, question: Question): Columns {
  const list: Column<ComparedRow>[] = []
  if (question.bucket !== 'all')
    list.push({
      key: 'bucket',
      title: words.statistics.bucket,
      cell: (row) => formatBucket(row.bucket, question.bucket),
      total: words.statistics.total,
    })
  list.push({
    key: 'place',
    title: words.statistics.place,
    cell: (row) => spaced(row.placeName),
    total: question.bucket === 'all' ? words.statistics.total : undefined,
  })
  if (question.byGrade)
    list.push({
      key: 'grade',
      title: words.statistics.grade,
      cell: (row) => (row.grade ? <GradeTag grade={row.grade} /> : '—'),
    })
  return list
}

function compareColumns(words: Words, totals: Totals, beforeTotal: number | undefined): Columns {
  return [
    {
      key: 'before',
      title: withUnit(words.statistics.previous, 'L'),
      right: true,
      cell: (row) =>
        row.beforeMillilitres === undefined ? (
          <span className="faint">—</span>
        ) : (
          formatLitres(row.beforeMillilitres, 2)
        ),
      total: beforeTotal === undefined ? '—' : formatLitres(beforeTotal, 2),
    },
    {
      key: 'change',
      title: words.statistics.change,
      right: true,
      cell: (row) => changeCell(row.volumeMillilitres, row.beforeMillilitres),
      total: changeCell(totals.volumeMillilitres, beforeTotal),
    },
  ]
}

/** What was sold, with the former period between volume and money when it is compared. */
function sumColumns(
  words: Words,
  rows: readonly ComparedRow[],
  compared: (totals: Totals) => Columns,
): Columns {
  const totals = totalsOf(rows)
  return [
    {
      key: 'sales',
      title: words.statistics.sales,
      right: true,
      cell: (row) => formatNumber(row.sales),
      total: formatNumber(totals.sales),
    },
    {
      key: 'volume',
      title: withUnit(words.statistics.volume, 'L'),
      right: true,
      cell: (row) => formatLitres(row.volumeMillilitres, 2),
      total: formatLitres(totals.volumeMillilitres, 2),
    },
    ...compared(totals),
    {
      key: 'amount',
      title: withUnit(words.statistics.amount, '¥'),
      right: true,
      cell: (row) => formatYuan(row.amountFen),
      total: formatYuan(totals.amountFen),
    },
    {
      key: 'difference',
      title: withUnit(words.statistics.difference, 'L'),
      right: true,
      cell: (row) => (
        <span className="soft">{formatLitres(row.volumeMillilitres - row.boardMillilitres, 2)}</span>
      ),
      total: formatLitres(totals.volumeMillilitres - totals.boardMillilitres, 2),
    },
  ]
}

function columns(
  words: Words,
  question: Question,
  rows: readonly ComparedRow[],
  beforeTotal: number | undefined,
): Columns {
  const compared = (totals: Totals): Columns =>
    question.compare ? compareColumns(words, totals, beforeTotal) : []
  return [...keyColumns(words, question), ...sumColumns(words, rows, compared)]
}

interface StatisticsTableProps {
  readonly rows: readonly ComparedRow[]
  /** Millilitres of the former period in all, when compared. */
  readonly beforeTotal: number | undefined
  readonly question: Question
  readonly onPage: (page: number) => void
}

/** The pivot as a table of twenty rows a page; the totals are those of all pages. */
export function StatisticsTable({ rows, beforeTotal, question, onPage }: StatisticsTableProps): ReactNode {
  const words = useWords()
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_ROWS))
  const page = Math.min(question.page, pages)
  return (
    <>
      <Table
        columns={columns(words, question, rows, beforeTotal)}
        rows={rows.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS)}
        rowKey={(row) => `${row.bucket}|${row.place}|${row.grade ?? ''}`}
        empty={words.empty.statistics}
        totals
      />
      <Pager
        page={page}
        pages={pages}
        label={`${words.page(page, pages)} · ${words.statistics.rows(formatNumber(rows.length))}`}
        previousLabel={words.previousPage}
        nextLabel={words.nextPage}
        onPage={onPage}
      />
    </>
  )
}
