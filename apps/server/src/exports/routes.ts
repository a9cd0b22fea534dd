import { statisticsQuery } from '@oiltrail/contract'
import { chinaTimestamp } from '@oiltrail/kernel'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ApiParts } from '../api/handler.ts'
import { authorize, validated } from '../api/request.ts'
import { answerStatistics } from '../api/statistics.ts'
import { encodeCsv } from './csv.ts'
import { type Sheet, sheetOf } from './sheet.ts'
import { encodeWorkbook } from './workbook.ts'

/** The question of the statistics page, and the language of the headers. */
const exportQuery = statisticsQuery.extend({ lang: z.enum(['zh', 'en']).default('zh') })

/** One file format of an export. */
export interface ExportFormat {
  readonly name: string
  readonly path: string
  readonly mediaType: string
  readonly summary: string
  readonly query: z.ZodType
  encode(sheet: Sheet): string | Promise<Uint8Array>
}

/** The registry: a new format is one line here. */
export const EXPORTS: readonly ExportFormat[] = [
  {
    name: 'statisticsCsv',
    path: '/api/statistics.csv',
    mediaType: 'text/csv; charset=utf-8',
    summary: 'Statistics as CSV',
    query: exportQuery,
    encode: encodeCsv,
  },
  {
    name: 'statisticsXlsx',
    path: '/api/statistics.xlsx',
    mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    summary: 'Statistics as an Excel workbook',
    query: exportQuery,
    encode: encodeWorkbook,
  },
]

/** Registers the exports: the same answer as the statistics page, as files. */
export function registerExports(app: FastifyInstance, parts: ApiParts): void {
  for (const format of EXPORTS)
    app.get(format.path, async (request, reply) => {
      authorize(parts.context.access, request, 'read')
      const { lang, ...query } = validated(exportQuery, request.query, 'query')
      const sheet = sheetOf(await answerStatistics(parts, query, lang), query, lang)
      const day = chinaTimestamp(parts.context.clock.now()).slice(0, 10)
      const extension = format.path.slice(format.path.lastIndexOf('.'))
      const encoded = await format.encode(sheet)
      return reply
        .header('content-type', format.mediaType)
        .header('content-disposition', `attachment; filename="oiltrail-statistics-${day}${extension}"`)
        .header('cache-control', 'no-store')
        .send(typeof encoded === 'string' ? encoded : Buffer.from(encoded))
    })
}
