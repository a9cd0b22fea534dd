import { writeXlsx } from 'hucre/xlsx'
import type { Sheet } from './sheet.ts'

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
        rows: [sheet.columns.map((column) => column.header), ...sheet.rows.map((row) => [...row])],
        freezePane: { rows: 1 },
      },
    ],
  })
}

function numberFormat(decimals: number): string {
  return decimals === 0 ? '#,##0' : `#,##0.${'0'.repeat(decimals)}`
}
