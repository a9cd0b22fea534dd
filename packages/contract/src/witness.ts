import { chartDecision } from '@oiltrail/domain'
import { SITE_PATTERN } from '@oiltrail/kernel'
import { z } from 'zod'
import { endpoints } from './endpoint.ts'
import { epochMs as at, grade, integer as int } from './shapes.ts'

/** The three witnesses of a site, and tank charts proposed from what was metered. Volumes in millilitres, heights in micrometres. */

const words = z.strictObject({ zh: z.string(), en: z.string() })
const siteParam = z.strictObject({ site: z.string().regex(SITE_PATTERN) })
/** Query strings arrive as text; only plain decimal integers are taken. */
const queryInt = z
  .string()
  .regex(/^[0-9]{1,16}$/)
  .transform(Number)
const { proposal: proposalName, ...decided } = chartDecision.shape

/** Longest span of one question in days: a season. */
export const MOST_WITNESS_DAYS = 92

/** Two witnesses compared, at 20 °C. */
const witnessPair = z.strictObject({
  pair: z.enum(['pulses-board', 'pulses-tank', 'board-tank']),
  /** First less second. */
  differenceMillilitres: int,
  percent: z.number(),
  /** Half width of the 95 % interval of the percent. */
  halfWidthPercent: z.number(),
  verdict: z.enum(['agree', 'differ', 'open']),
  /** Days of such sales in all after which 0.6 % could be told from nothing; absent when no number of days would do. */
  daysNeeded: int.optional(),
  /** What an open verdict waits for. */
  waitsFor: z.enum(['days', 'chart', 'records']).optional(),
  says: words,
})

const witnessDay = z.strictObject({
  from: at,
  to: at,
  pulsesMillilitres: int,
  boardTappedMillilitres: int,
  boardMillilitres: int,
  /** Absent on a day that no reading begins or ends: it is not compared. */
  tankMillilitres: int.optional(),
  deliveries: int,
})

/** What the witnesses of one grade say of a span, millilitres at 20 °C. */
export const witnessGrade = z.strictObject({
  grade,
  conclusion: z.enum([
    'silent',
    'agree',
    'books-agree',
    'board-short',
    'pulses-over',
    'board-over',
    'tank-more',
    'tank-less',
    'open',
  ]),
  says: words,
  pairs: z.array(witnessPair),
  /** Absent: this witness says nothing. */
  pulsesMillilitres: int.optional(),
  boardTappedMillilitres: int.optional(),
  boardMillilitres: int.optional(),
  tankMillilitres: int.optional(),
  /** Days compared. */
  comparedDays: z.number(),
  /** Standard error of the tanks' charts, percent. */
  chartErrorPercent: z.number(),
  /** Tanks reckoned by a chart that a person accepted. */
  chartedTanks: z.array(z.string()),
  /** Tanks for which a better chart waits to be decided: until then what the tank says may be its chart's fault. */
  undecidedTanks: z.array(z.string()),
  days: z.array(witnessDay),
})

/** A chart's row: height, volume by the gauge's chart, volume by the proposed one. */
const chartRow = z.tuple([int, int, int])

/** A chart proposed by the rule `chart-deviation`. */
const chartProposal = z.strictObject({
  ...proposalName.shape,
  at,
  /** `bent`: no meter can be the cause. `scaled`: wrong as a whole, and matched deliveries say so too. */
  reason: z.enum(['bent', 'scaled']),
  bendMillilitres: int,
  scalePercent: z.number(),
  scaleHalfWidthPercent: z.number(),
  /** Matched deliveries confirm how much the meters count; otherwise a meter should be checked before it is accepted. */
  scaleConfirmed: z.boolean(),
  /** Standard deviations of certainty that the bend is none of chance. */
  certainty: z.number(),
  /** Half width of the 95 % interval of the difference at its widest place. */
  halfWidthMillilitres: int,
  /** Root mean square error over the heights, judged by fillings it was not learnt from. */
  residualBeforeMillilitres: int,
  residualAfterMillilitres: int,
  litres: int,
  passages: int,
  fillings: int,
  deliveries: z.strictObject({
    matched: int,
    beforePercent: z.number(),
    afterPercent: z.number(),
    halfWidthPercent: z.number(),
  }),
  bands: z.array(
    z.strictObject({
      fromMillilitres: int,
      toMillilitres: int,
      percent: z.number(),
      halfWidthPercent: z.number(),
      passages: int,
    }),
  ),
  rows: z.array(chartRow),
})

/** A decision as it stands in the log. */
const chartDecisionView = z.strictObject({
  position: int,
  tank: z.string(),
  proposal: proposalName,
  accepted: z.boolean(),
  effectiveAt: at,
  actor: z.string(),
  reason: z.string(),
  statedAt: at,
  rows: z.array(chartRow),
})

/** What is known of the chart of one tank. */
export const tankChart = z.strictObject({
  tank: z.string(),
  grade,
  capacityMillilitres: int,
  /** Deliveries and metered litres that the rule has learnt from so far. */
  fillings: int,
  litres: int,
  /** The newest proposal, decided or not. */
  proposal: chartProposal.optional(),
  /** How it was decided; absent while it waits. */
  decision: chartDecisionView.optional(),
  /** The accepted chart that the balance reckons by now; everything else goes by what the gauge states. */
  inForce: chartDecisionView.optional(),
})

export const WITNESS_ENDPOINTS = endpoints({
  witnesses: {
    method: 'GET',
    path: '/api/sites/:site/witnesses',
    permission: 'read',
    summary:
      'Pulses, board and tank by grade at 20 °C, with intervals: what can be said today, what needs more days',
    params: siteParam,
    /** Whole days before today and today up to when all channels have told, in China time; a week when absent. */
    query: z.strictObject({ days: queryInt.default(7) }),
    response: z.strictObject({
      from: at,
      to: at,
      /** Records of the site that have not come: their volume is in the intervals. */
      missingRecords: int,
      grades: z.array(witnessGrade),
    }),
  },
  charts: {
    method: 'GET',
    path: '/api/sites/:site/charts',
    permission: 'read',
    summary: 'Tank charts proposed from metered draws, and what was decided about them',
    params: siteParam,
    response: z.strictObject({
      tanks: z.array(tankChart),
      /** Newest first, at most 200. */
      history: z.array(chartDecisionView),
    }),
  },
  decideChart: {
    method: 'POST',
    path: '/api/sites/:site/charts',
    permission: 'admin',
    summary: 'Accept or reject the proposed chart of a tank, with the reason',
    params: siteParam,
    body: z.strictObject({
      tank: decided.tank,
      proposal: proposalName,
      accepted: decided.accepted,
      /** Now when absent; not in the past. */
      effectiveAt: decided.effectiveAt.optional(),
      reason: z.string().min(1).max(200),
      actor: z.string().min(1).max(80).optional(),
    }),
    response: z.strictObject({ position: int }),
  },
})
