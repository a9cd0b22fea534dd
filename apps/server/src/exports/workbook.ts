import { writeXlsx } from 'hucre/xlsx'
import type { Cell, Sheet } from './sheet.ts'

/** The one place that knows the spreadsheet library. A sheet becomes the bytes of an .xlsx file. */
export async function encodeWorkbook(sheet: Sheet): Promise<Uint8Array> {
  return writeXlsx({
    sheets: [
      {
        name: sheet.name,
        columns: sheet.columns.map((column) => ({
          header: column.header,
          width: column.width,
          ...(column.decimals === undefined ? {} : { numFmt: numberFormat(column.decimals) }),
        })),
        rows: [sheet.columns.map((column) => column.header), ...sheet.rows.map((row) => row.map(writable))],
        freezePane: { rows: 1 },
      },
    ],
  })
}

/** XML has no U+FFFE and U+FFFF, and spreadsheets read `_x000D_` as the character of that number (ECMA-376 22.9.2.19). */
function writable(cell: Cell): Cell {
  if (typeof cell === 'number') return cell
  return cell.replaceAll(/[\ufffe\uffff]/g, '\ufffd').replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
}

function numberFormat(decimals: number): string {
  return decimals === 0 ? '#,##0' : `#,##0.${'0'.repeat(decimals)}`
}
