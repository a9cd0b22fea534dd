import type { zhWitness } from './zhWitness.ts'

const plural = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`

/** Words of the three witnesses and of proposed tank charts. */
export const enWitness: typeof zhWitness = {
  title: 'Three witnesses',
  link: 'Three witnesses',
  intro: 'Pulses, tax board and tank each say by themselves how much was sold; they should agree.',
  span: 'Span',
  lastDays: (days) => plural(days, 'day'),
  until: (moment) => `all channels have told up to ${moment}`,
  missing: (count) => `${count} records have not come; what they may hold is in the intervals`,
  compared: (days) => `${days} days compared`,
  pulses: 'Pulses (tapped nozzles)',
  boardTapped: 'Board (tapped nozzles)',
  board: 'Board (all nozzles)',
  tank: 'Lost by the tanks',
  silent: 'says nothing',
  verdict: { agree: 'agree', differ: 'differ', open: 'open' },
  chartError: (percent) => `chart error ±${percent} %`,
  charted: (tanks) => `tank ${tanks} is reckoned by a decided chart`,
  undecided: (tanks) =>
    `a proposed chart of tank ${tanks} waits to be decided; until then a difference of the tank may be its chart's`,
  chart: 'Difference by the day',
  chartNote: 'Tank − board in litres at 20 °C',
  tankLessBoard: 'Tank − board',
  table: 'Day by day',
  day: 'Day',
  deliveries: 'Deliveries',
  noDays: 'No day of the span can be compared yet.',
  depot: 'A depot has neither a tax board nor retail pulses; this page is for stations.',
  none: 'This site sells nothing.',
  method:
    'Reckoned by the platform from its hourly sums, everything at 20 °C. Lost by the tanks: differences of successive readings, and what was metered while oil ran in; ± is the 95 % interval, with readings, charts, fuellings across the ends and records not come. The same comparison as in the rule “double books”.',
  charts: {
    title: 'Tank charts',
    note: 'Learnt from what is metered between deliveries, and only proposed: a person decides. An accepted chart serves the balance of this page alone; gauge readings and rules stay as they are.',
    tank: 'Tank',
    state: 'State',
    learnt: (fillings, litres) => `learnt from ${plural(fillings, 'filling')}, ${litres} L`,
    none: 'nothing proposed',
    waiting: 'waits for a decision',
    accepted: 'accepted',
    rejected: 'rejected',
    proposedAt: (moment) => `proposed ${moment}`,
    reason: {
      bent: 'The chart is bent: meters know nothing of heights, so it cannot be theirs',
      scaled: 'The chart is off as a whole: announced deliveries say the same as the meters',
    },
    scaleConfirmed: 'Announced deliveries confirm what the meters count',
    scaleOpen:
      'Too few announced deliveries confirm the meters: check one nozzle with a test can before accepting',
    bend: 'Bend',
    scale: 'Off as a whole',
    basis: 'Rests on',
    basisOf: (bands, passages, fillings, litres) =>
      `${bands} bands, ${passages} passages, ${plural(fillings, 'filling')}, ${litres} L`,
    residual: 'Error judged by the other half of the data',
    deliveries: 'Against notices',
    deliveriesOf: (count, before, after, within) =>
      count === 0
        ? 'no announced delivery'
        : `${count}: present chart ${before} %, proposed ${after} ± ${within} %`,
    halfWidth: '95 % interval of the difference',
    difference: 'Difference by height (proposed − present)',
    table: 'The chart',
    height: 'Height',
    present: 'Present',
    proposed: 'Proposed',
    change: 'Difference',
    anchor:
      'Only differences between heights can be learnt; below the lowest known height the present chart stays.',
    accept: 'Accept',
    reject: 'Reject',
    why: 'Reason (goes into the log)',
    effective: 'Holds from',
    needToken: 'Deciding needs the administrator’s token.',
    decided: (position) => `in the log as #${position}`,
    history: 'Decisions',
    noHistory: 'Nothing was decided yet.',
    by: 'Decided by',
    entry: 'Entry',
    inForce: (moment) => `reckoned by the accepted chart since ${moment}`,
  },
}
