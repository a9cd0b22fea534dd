import type { Cell, Sheet } from './sheet.ts'

/** Byte order mark, by which spreadsheets know UTF-8. */
const BOM = '\uFEFF'
/** A cell that begins with one of these, full width too, is run as a formula by spreadsheets (OWASP, CSV injection). */
const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/

/** A sheet as CSV (RFC 4180, UTF-8 with byte order mark). Text that a spreadsheet would run gets an apostrophe before it. */
export function encodeCsv(sheet: Sheet): string {
  const lines = [
    sheet.columns.map((column) => textField(column.header)),
    ...sheet.rows.map((row) => row.map((cell, i) => field(cell, sheet.columns[i]!.decimals))),
  ]
  return BOM + lines.map((line) => `${line.join(',')}\r\n`).join('')
}

function field(cell: Cell, decimals: number | undefined): string {
  return typeof cell === 'number' ? cell.toFixed(decimals ?? 0) : textField(cell)
}

function textField(text: string): string {
  const safe = FORMULA_START.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
