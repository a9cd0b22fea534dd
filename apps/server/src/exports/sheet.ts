import { GRADE_FACTS, type Grade } from '@oiltrail/domain'
import { chinaTimestamp } from '@oiltrail/kernel'
import type { StatisticsAnswer, StatisticsQuery } from '../api/statistics.ts'

export type Language = 'zh' | 'en'
export type Cell = string | number

/** One column of an export: its header in both languages and its value. */
interface Column {
  readonly zh: string
  readonly en: string
  /** Characters wide. */
  readonly width: number
  /** Digits behind the point, for numbers. */
  readonly decimals?: number
  value(row: StatisticsAnswer[number], query: StatisticsQuery, language: Language): Cell
}

/** A table ready for any file format. */
export interface Sheet {
  readonly name: string
  readonly columns: readonly { readonly header: string; readonly width: number; readonly decimals?: number }[]
  readonly rows: readonly (readonly Cell[])[]
}

const MILLILITRES_A_LITRE = 1_000
const FEN_A_YUAN = 100
/** Characters of `2026-01-05 13:00` that name a bucket. */
const BUCKET_CHARACTERS = { hour: 16, day: 10, month: 7, year: 4, all: 16 } as const

/** The name of a grade with a true minus sign, so that no spreadsheet takes it for a formula. */
function gradeName(grade: Grade | undefined, language: Language): string {
  return grade === undefined ? '' : GRADE_FACTS[grade][language].replace('-', '\u2212')
}

/** The one list of columns, for CSV and Excel. */
const COLUMNS: readonly Column[] = [
  {
    zh: '时间',
    en: 'Time',
    width: 18,
    value: (row, query) => chinaTimestamp(row.bucket).slice(0, BUCKET_CHARACTERS[query.bucket]),
  },
  { zh: '编号', en: 'Code', width: 20, value: (row) => row.place },
  { zh: '名称', en: 'Name', width: 28, value: (row) => row.placeName },
  { zh: '油品', en: 'Grade', width: 14, value: (row, _query, language) => gradeName(row.grade, language) },
  { zh: '笔数', en: 'Sales', width: 10, decimals: 0, value: (row) => row.sales },
  {
    zh: '油量(升)',
    en: 'Volume (L)',
    width: 16,
    decimals: 3,
    value: (row) => row.volumeMillilitres / MILLILITRES_A_LITRE,
  },
  { zh: '金额(元)', en: 'Amount (CNY)', width: 16, decimals: 2, value: (row) => row.amountFen / FEN_A_YUAN },
  { zh: '未定价笔数', en: 'Unpriced sales', width: 12, decimals: 0, value: (row) => row.unpricedSales },
  {
    zh: '未定价油量(升)',
    en: 'Unpriced volume (L)',
    width: 18,
    decimals: 3,
    value: (row) => row.unpricedMillilitres / MILLILITRES_A_LITRE,
  },
  { zh: '主板笔数', en: 'Board sales', width: 12, decimals: 0, value: (row) => row.boardSales },
  {
    zh: '主板油量(升)',
    en: 'Board volume (L)',
    width: 16,
    decimals: 3,
    value: (row) => row.boardMillilitres / MILLILITRES_A_LITRE,
  },
  {
    zh: '主板金额(元)',
    en: 'Board amount (CNY)',
    width: 18,
    decimals: 2,
    value: (row) => row.boardFen / FEN_A_YUAN,
  },
]

/** Lays a statistics answer out as a table. */
export function sheetOf(answer: StatisticsAnswer, query: StatisticsQuery, language: Language): Sheet {
  return {
    name: language === 'zh' ? '统计' : 'Statistics',
    columns: COLUMNS.map((column) => ({
      header: column[language],
      width: column.width,
      ...(column.decimals === undefined ? {} : { decimals: column.decimals }),
    })),
    rows: answer.map((row) => COLUMNS.map((column) => column.value(row, query, language))),
  }
}
