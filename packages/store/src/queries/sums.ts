import type { Transaction } from '../pool.ts'

/** Whatever can run a query: a pool or a transaction. */
export type Reader = Pick<Transaction, 'query'>

/** Sums of sales and of what the boards say, as the rollups keep them. */
export interface SalesSums {
  readonly sales: number
  readonly volumeMillilitres: number
  readonly amountFen: number
  readonly unpricedSales: number
  readonly unpricedMillilitres: number
  readonly boardSales: number
  readonly boardMillilitres: number
  readonly boardFen: number
}

/** The rollup columns and their names outside, in one order. */
const FIELDS = [
  ['sales', 'sales'],
  ['volume_ml', 'volumeMillilitres'],
  ['amount_fen', 'amountFen'],
  ['unpriced_sales', 'unpricedSales'],
  ['unpriced_ml', 'unpricedMillilitres'],
  ['board_sales', 'boardSales'],
  ['board_ml', 'boardMillilitres'],
  ['board_fen', 'boardFen'],
] as const

/** `sum(r.sales)::int8 as sales, …` for a rollup under an alias; zero where nothing is summed. */
export function sumColumns(alias: string): string {
  return FIELDS.map(([column, name]) => `coalesce(sum(${alias}.${column}), 0)::int8 as "${name}"`).join(', ')
}

/** Sums of sums: `sum(g.sales)::int8 as sales, …` for a subquery made with `sumColumns`. */
export function sumAgain(alias: string): string {
  return FIELDS.map(([, name]) => `sum(${alias}."${name}")::int8 as "${name}"`).join(', ')
}

/** The sums of a subquery as they are. */
export const SUM_NAMES = FIELDS.map(([, name]) => `"${name}"`).join(', ')

/** The names of the sums in a subquery under an alias, zero where it found no row. */
export function sumNames(alias: string): string {
  return FIELDS.map(([, name]) => `coalesce(${alias}."${name}", 0)::int8 as "${name}"`).join(', ')
}

/** Sums of which every figure is zero. */
export const NO_SALES: SalesSums = {
  sales: 0,
  volumeMillilitres: 0,
  amountFen: 0,
  unpricedSales: 0,
  unpricedMillilitres: 0,
  boardSales: 0,
  boardMillilitres: 0,
  boardFen: 0,
}

/** Takes the sums out of a row that holds more. */
export function pickSums(row: SalesSums): SalesSums {
  return {
    sales: row.sales,
    volumeMillilitres: row.volumeMillilitres,
    amountFen: row.amountFen,
    unpricedSales: row.unpricedSales,
    unpricedMillilitres: row.unpricedMillilitres,
    boardSales: row.boardSales,
    boardMillilitres: row.boardMillilitres,
    boardFen: row.boardFen,
  }
}

/** One set of sums and another. */
export function plusSums(a: SalesSums, b: SalesSums): SalesSums {
  return {
    sales: a.sales + b.sales,
    volumeMillilitres: a.volumeMillilitres + b.volumeMillilitres,
    amountFen: a.amountFen + b.amountFen,
    unpricedSales: a.unpricedSales + b.unpricedSales,
    unpricedMillilitres: a.unpricedMillilitres + b.unpricedMillilitres,
    boardSales: a.boardSales + b.boardSales,
    boardMillilitres: a.boardMillilitres + b.boardMillilitres,
    boardFen: a.boardFen + b.boardFen,
  }
}
