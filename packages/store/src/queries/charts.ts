import type { ChartDecisionRow } from '../charts.ts'
import type { Reader } from './sums.ts'

/** Decisions about charts of a site, newest first. */
export async function listChartDecisions(
  reader: Reader,
  county: number,
  site: string,
  limit: number,
): Promise<ChartDecisionRow[]> {
  const { rows } = await reader.query<ChartDecisionRow>({
    name: 'list-chart-decisions',
    text: `select position, document as decision, actor, reason, stated_at as "statedAt" from chart_decision
      where county = $1 and site = $2 order by position desc limit $3`,
    values: [county, site, limit],
  })
  return rows
}

/** What a rule keeps of one subject, as it stored it. */
export interface RuleStateRow {
  readonly subject: string
  readonly state: unknown
}

/** What a rule keeps of some subjects; subjects of which it keeps nothing are absent. */
export async function listRuleStates(
  reader: Reader,
  county: number,
  rule: { readonly id: string; readonly version: number },
  subjects: readonly string[],
): Promise<RuleStateRow[]> {
  const { rows } = await reader.query<RuleStateRow>({
    name: 'list-rule-states',
    text: `select subject, state from watch_state
      where county = $1 and rule = $2 and version = $3 and subject = any($4::text[]) order by subject`,
    values: [county, rule.id, rule.version, subjects],
  })
  return rows
}
