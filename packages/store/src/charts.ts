import type { ChartDecision } from '@oiltrail/domain'
import type { Transaction } from './pool.ts'

/** A decision about a proposed tank chart as it was stated; `position` is its entry in the log. */
export interface ChartDecisionRow {
  readonly position: number
  readonly decision: ChartDecision
  readonly actor: string
  readonly reason: string
  readonly statedAt: number
}

/** Writes decisions. One row a statement: they are few. */
export async function addChartDecisions(
  tx: Transaction,
  county: number,
  rows: readonly ChartDecisionRow[],
): Promise<void> {
  for (const { position, decision, actor, reason, statedAt } of rows)
    await tx.query(
      `insert into chart_decision (county, position, site, tank, accepted, effective_at, actor, reason, stated_at, document)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        county,
        position,
        decision.site,
        decision.tank,
        decision.accepted,
        decision.effectiveAt,
        actor,
        reason,
        statedAt,
        JSON.stringify(decision),
      ],
    )
}
