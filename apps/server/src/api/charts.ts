import { setTimeout as pause } from 'node:timers/promises'
import {
  type AcceptedChart,
  type ChartProposal,
  chartDeviation,
  chartStateOf,
  learntError,
  partSubject,
} from '@oiltrail/domain'
import { type ChartDecisionRow, listChartDecisions, listRuleStates } from '@oiltrail/store'
import { type ApiParts, fail, type Handlers, unwrap } from './handler.ts'
import { registered } from './sites.ts'

const ADMINISTRATOR = 'administrator'
/** Decisions of one site that are looked at: years of them. */
const MOST_DECISIONS = 200
/** Longest an answer waits until its own statement can be read back. */
const FOLLOW_MS = 5_000
const LOOK_EVERY_MS = 20

/** Whether two names mean the same proposal. */
function isOf(
  row: ChartDecisionRow,
  tank: string,
  proposal: { readonly position: number; readonly seq: number },
): boolean {
  const { decision } = row
  return (
    decision.tank === tank &&
    decision.proposal.position === proposal.position &&
    decision.proposal.seq === proposal.seq
  )
}

/** Accepted decisions that were not taken back, the one that holds from latest on first. */
function standing(rows: readonly ChartDecisionRow[]): ChartDecisionRow[] {
  return rows
    .filter((row, i) => {
      const { tank, proposal, accepted } = row.decision
      return accepted && !rows.slice(0, i).some((later) => isOf(later, tank, proposal))
    })
    .sort((a, b) => b.decision.effectiveAt - a.decision.effectiveAt || b.position - a.position)
}

/** Charts of a site that people accepted, the one that holds from latest on first. */
export async function acceptedCharts({ context }: ApiParts, site: string): Promise<AcceptedChart[]> {
  const rows = await listChartDecisions(context.store.pool, context.county, site, MOST_DECISIONS)
  return standing(rows).map(({ decision: { tank, effectiveAt, rows: chart, errorPartsPerMillion } }) => ({
    tank,
    effectiveAt,
    rows: chart,
    error: errorPartsPerMillion / 1e6,
  }))
}

/** Tanks of a site for which a proposed chart waits. */
export async function undecidedTanks(
  parts: ApiParts,
  site: string,
  tanks: readonly { readonly tank: string }[],
): Promise<ReadonlySet<string>> {
  const { store, county } = parts.context
  const [states, decisions] = await Promise.all([
    chartStates(parts, site, tanks),
    listChartDecisions(store.pool, county, site, MOST_DECISIONS),
  ])
  const waiting = [...states.values()].filter(
    ({ tank, proposal }) => proposal && !decisions.some((row) => isOf(row, tank, proposal.ref)),
  )
  return new Set(waiting.map(({ tank }) => tank))
}

function decisionShape({ position, decision, actor, reason, statedAt }: ChartDecisionRow) {
  const { tank, proposal, accepted, effectiveAt, rows } = decision
  return { position, tank, proposal, accepted, effectiveAt, actor, reason, statedAt, rows }
}

function proposalShape({ ref, rows, bands, deliveries, ...proposal }: ChartProposal) {
  return {
    ...ref,
    ...proposal,
    deliveries: { ...deliveries },
    bands: bands.map((band) => ({ ...band })),
    rows: rows.map(([height, present, proposed]): [number, number, number] => [height, present, proposed]),
  }
}

/** What the rule keeps of a site's tanks, by tank. */
async function chartStates({ context }: ApiParts, site: string, tanks: readonly { readonly tank: string }[]) {
  const subjects = tanks.map(({ tank }) => partSubject(site, 'tank', tank))
  const rows = await listRuleStates(context.store.pool, context.county, chartDeviation, subjects)
  return new Map(
    rows.map(({ subject, state }) => chartStateOf(subject, state)).map((each) => [each.tank, each]),
  )
}

export const chartHandlers: Handlers<'charts' | 'decideChart'> = {
  async charts({ params }, parts) {
    const { document } = await registered(parts, params.site)
    const { store, county, clock } = parts.context
    const [states, decisions] = await Promise.all([
      chartStates(parts, params.site, document.tanks),
      listChartDecisions(store.pool, county, params.site, MOST_DECISIONS),
    ])
    const now = clock.now()
    const inForce = standing(decisions).filter(({ decision }) => decision.effectiveAt <= now)
    return {
      tanks: document.tanks.map(({ tank, grade, capacityMillilitres }) => {
        const { proposal, fillings = 0, litres = 0 } = states.get(tank) ?? {}
        const decision = proposal && decisions.find((row) => isOf(row, tank, proposal.ref))
        const used = inForce.find((row) => row.decision.tank === tank)
        return {
          tank,
          grade,
          capacityMillilitres,
          fillings,
          litres,
          ...(proposal ? { proposal: proposalShape(proposal) } : {}),
          ...(decision ? { decision: decisionShape(decision) } : {}),
          ...(used ? { inForce: decisionShape(used) } : {}),
        }
      }),
      history: decisions.map(decisionShape),
    }
  },

  async decideChart({ params: { site }, body }, parts) {
    const { document } = await registered(parts, site)
    const { context } = parts
    const { tank, proposal: name, accepted, effectiveAt = context.clock.now(), reason, actor } = body
    if (!document.tanks.some((each) => each.tank === tank))
      fail('NOT_FOUND', `site ${site} has no tank ${tank}`, 'tank')
    const proposal = (await chartStates(parts, site, document.tanks)).get(tank)?.proposal
    if (proposal?.ref.position !== name.position || proposal.ref.seq !== name.seq)
      fail('CONFLICT', `this is not the chart that is proposed for tank ${tank} now`, 'proposal')
    const decisions = await listChartDecisions(context.store.pool, context.county, site, MOST_DECISIONS)
    if (decisions.find((row) => isOf(row, tank, name))?.decision.accepted === accepted)
      fail('CONFLICT', `this chart was ${accepted ? 'accepted' : 'rejected'} already`, 'accepted')
    const errorPartsPerMillion = Math.max(1, Math.round(learntError(proposal) * 1e6))
    const rows = proposalShape(proposal).rows
    const decision = { site, tank, proposal: name, accepted, effectiveAt, errorPartsPerMillion, rows }
    const done = unwrap(await context.desk.decideChart(actor ?? ADMINISTRATOR, decision, reason))
    for (let waited = 0; waited < FOLLOW_MS; waited += LOOK_EVERY_MS) {
      if ((context.followerPosition('views') ?? 0) > done.position) break
      await pause(LOOK_EVERY_MS)
    }
    return done
  },
}
