import { SITE_PATTERN } from '@oiltrail/kernel'
import { z } from 'zod'
import { epochMs, subjectCode, volumeMillilitres } from '../facts/fields.ts'

/** Rows a decided chart may have: 20 m in steps of 50 mm. */
const MOST_ROWS = 400
const height = z.int().min(0).max(60_000_000)

/**
 * What a person decided about a proposed tank chart. The rows are stated again, so that what was accepted stands in the log
 * even when a later version of the rule would propose something else.
 */
export const chartDecision = z
  .strictObject({
    site: z.string().regex(SITE_PATTERN),
    tank: subjectCode,
    /** Names the proposal: the reading after which it was made. */
    proposal: z.strictObject({ position: z.int().min(0), seq: z.int().min(0) }),
    accepted: z.boolean(),
    /** Epoch milliseconds from which an accepted chart holds. */
    effectiveAt: epochMs,
    /** Standard error of differences by this chart, parts per million of what they are. */
    errorPartsPerMillion: z.int().min(1).max(100_000),
    /** Height in micrometres, volume by the gauge's chart, volume by the proposed one; all three rise. */
    rows: z
      .array(z.tuple([height, volumeMillilitres, volumeMillilitres]))
      .min(2)
      .max(MOST_ROWS),
  })
  .refine(
    ({ rows }) =>
      rows.every((row, i) => i === 0 || row.every((value, column) => value > rows[i - 1]![column]!)),
    { message: 'heights and volumes of a chart rise', path: ['rows'] },
  )
export type ChartDecision = z.infer<typeof chartDecision>
