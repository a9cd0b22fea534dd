import {
  ALARM_ACTIONS,
  ALARM_GRADES,
  deliveryNotice,
  HANDLINGS,
  LONGEST_NOTE,
  quietWindow,
  ruleId,
  settingsChange,
} from '@oiltrail/domain'
import { SITE_PATTERN } from '@oiltrail/kernel'
import { z } from 'zod'
import { endpoints } from './endpoint.ts'

/** Alarms, rules, settings, notices and windows over HTTP. */
const int = z.int()
const at = z.int()
const words = z.strictObject({ zh: z.string(), en: z.string() })
const siteCode = z.string().regex(SITE_PATTERN)
const queryInt = z
  .string()
  .regex(/^[0-9]{1,16}$/)
  .transform(Number)
const note = z.string().max(LONGEST_NOTE)
/** Who did it, as they sign; the administrator when absent. */
const actor = z.string().min(1).max(80).optional()

export const alarmGrade = z.enum(ALARM_GRADES)
export const handling = z.enum(HANDLINGS)

/** A place in the log: the entry, and the record's number in its channel (0: the entry itself). */
export const evidenceRef = z.strictObject({ position: int, seq: int })

/** Why an alarm is kept out of sight. */
const suppressed = z.union([
  z.strictObject({ by: z.literal('alarm'), alarm: int, rule: z.string() }),
  z.strictObject({ by: z.literal('window'), window: z.string(), until: at }),
])

/** One line of the alarm list, and the event `alarm` of the stream. */
export const alarmView = z.strictObject({
  alarm: int,
  rule: z.string(),
  title: words,
  /** `S001/nozzle/3`; the site first. */
  subject: z.string(),
  site: z.string(),
  siteName: z.string(),
  grade: alarmGrade,
  verdict: z.enum(['attention', 'alert']),
  sentence: words,
  handling,
  /** The cause is present. */
  active: z.boolean(),
  /** Before people's eyes: neither finished nor suppressed nor shelved. */
  inSight: z.boolean(),
  count: int,
  reopened: int,
  openedAt: at,
  openedLoggedAt: at,
  lastSeenAt: at,
  clearedAt: at.optional(),
  finishedAt: at.optional(),
  suppressed: suppressed.optional(),
  shelf: z.strictObject({ until: at, reason: z.string(), actor: z.string() }).optional(),
})
export type AlarmView = z.infer<typeof alarmView>

const settingView = z.strictObject({
  key: z.string(),
  label: words,
  unit: z.string(),
  /** In force now for the county (or at the alarm, for the site). */
  value: z.number(),
  default: z.number(),
  least: z.number(),
  most: z.number(),
  source: z.string(),
  effective: z.string(),
})

const found = z.strictObject({
  facts: z.record(z.string(), z.union([z.number(), z.string()])),
  from: at,
  to: at,
  evidence: z.array(evidenceRef),
})

/** Everything the alarm page shows but its charts. */
export const alarmDetail = alarmView.extend({
  version: int,
  clause: words,
  advice: words,
  shelvable: z.boolean(),
  /** Settings in force when it was raised. */
  settings: z.array(settingView),
  /** The finding that raised it, and the newest. */
  first: found,
  latest: found,
  openedPosition: int,
  /** What people may do now. */
  actions: z.array(z.enum(ALARM_ACTIONS)),
  history: z.array(
    z.strictObject({ position: int, at, what: z.string(), actor: z.string(), note: z.string() }),
  ),
  /** Alarms of the same rule at the same site before, newest first. */
  similar: z.array(alarmView),
  /** Alarms it keeps out of sight. */
  children: z.array(int),
})

/** The load of alarms in a span; `domain` says what each figure means. */
const alarmLoad = z.strictObject({
  from: at,
  to: at,
  officers: int,
  seen: int,
  byGrade: z.strictObject({ red: int, orange: int, yellow: int, blue: int }),
  perWindow: z.number(),
  peak: int,
  peakAt: at.nullable(),
  hours: z.array(int),
  stale: int,
  criticalPercent: z.number(),
  answered: int,
  medianMs: z.number().nullable(),
  p95Ms: z.number().nullable(),
  late: int,
  overdue: int,
})

const lanePoint = z.tuple([at, z.number()])

/** Series around an alarm on one time axis; each lane is one line. Units: millilitres, fen per litre, micrometres. */
export const alarmSeries = z.strictObject({
  from: at,
  to: at,
  lanes: z.array(
    z.strictObject({
      /** `total`, `sale`, `receipt`, `price`, `level`, `load` … */
      kind: z.string(),
      subject: z.string(),
      unit: z.enum(['millilitres', 'fenPerLitre', 'micrometres', 'state']),
      points: z.array(lanePoint),
    }),
  ),
  /** Moments: self-checks, lines, deliveries, what people did. */
  marks: z.array(z.strictObject({ at, kind: z.string(), subject: z.string(), text: z.string() })),
})

export const ruleView = z.strictObject({
  rule: z.string(),
  version: int,
  grade: alarmGrade,
  title: words,
  clause: words,
  advice: words,
  shelvable: z.boolean(),
  reads: z.array(z.string()),
  suppressedBy: z.array(z.string()),
  settings: z.array(settingView),
  openAlarms: int,
  /** Alarms of the last 30 days, and how many of them people called false. */
  alarms30: int,
  false30: int,
  /** How many subjects it can say what about. */
  verdicts: z.strictObject({ insufficient: int, normal: int, attention: int, alert: int }),
})

export const settingsChangeView = settingsChange.extend({
  position: int,
  actor: z.string(),
  reason: z.string(),
  statedAt: at,
})

/** One alarm of a trial run. */
const trialAlarm = z.strictObject({ subject: z.string(), at, sentence: words })

/** Answers of the trial of new settings over past data. */
export const trialAnswer = z.strictObject({
  /** The part of the log it ran over, and how much that was. */
  fromPosition: int,
  toPosition: int,
  from: at,
  to: at,
  records: int,
  /** The span was longer than one trial may be; only its end was run. */
  shortened: z.boolean(),
  before: int,
  after: int,
  /** Raised only with the new settings; only with those in force. At most 200 of each. */
  added: z.array(trialAlarm),
  removed: z.array(trialAlarm),
})

/** Where, by whom and when something was stated, and taken back if it was. */
const statedView = {
  position: int,
  actor: z.string(),
  statedAt: at,
  withdrawn: z.strictObject({ position: int, at, actor: z.string(), reason: z.string() }).optional(),
}
const noticeView = deliveryNotice.extend(statedView)
/** `to` as it was declared: a withdrawn window hides alarms until then or until it was withdrawn, whichever came first. */
const windowView = z.strictObject({ ...quietWindow.shape, ...statedView })
const withdrawalBody = z.strictObject({ reason: note.min(1).regex(/\S/), actor })
const byId = z.strictObject({ alarm: queryInt })
const byRule = z.strictObject({ rule: ruleId })

export const WATCH_ENDPOINTS = endpoints({
  alarms: {
    method: 'GET',
    path: '/api/alarms',
    permission: 'read',
    summary: 'Alarms, newest first, with counts by grade of those in sight',
    query: z.strictObject({
      /** `sight` before people's eyes; `open` also suppressed, shelved and finished but present ones; `all`. */
      state: z.enum(['sight', 'open', 'suppressed', 'shelved', 'finished', 'all']).default('sight'),
      handling: handling.optional(),
      grade: alarmGrade.optional(),
      site: siteCode.optional(),
      rule: ruleId.optional(),
      /** By the time of the first finding. */
      from: queryInt.optional(),
      to: queryInt.optional(),
      before: queryInt.optional(),
      limit: queryInt.default(100),
    }),
    response: z.strictObject({
      alarms: z.array(alarmView),
      counts: z.strictObject({
        red: int,
        orange: int,
        yellow: int,
        blue: int,
        suppressed: int,
        shelved: int,
      }),
    }),
  },
  alarmPlaces: {
    method: 'GET',
    path: '/api/alarms/places',
    permission: 'read',
    summary: 'Sites with alarms in sight: their worst grade and number, for the map',
    response: z.array(z.strictObject({ site: z.string(), grade: alarmGrade, alarms: int })),
  },
  alarmLoad: {
    method: 'GET',
    path: '/api/alarms/load',
    permission: 'read',
    summary: 'How many alarms came before people and how soon they answered, against the alarm budget',
    query: z.strictObject({
      /** The last so many hours; at most 30 days. */
      hours: queryInt.default(24),
      /** People on duty who share the load. */
      officers: queryInt.default(1),
    }),
    response: alarmLoad,
  },
  alarm: {
    method: 'GET',
    path: '/api/alarms/:alarm',
    permission: 'read',
    summary: 'One alarm with its explanation, evidence, history and similar ones before',
    params: byId,
    response: alarmDetail,
  },
  alarmSeries: {
    method: 'GET',
    path: '/api/alarms/:alarm/series',
    permission: 'read',
    summary: 'What the site recorded around an alarm, for charts on one time axis',
    params: byId,
    response: alarmSeries,
  },
  handleAlarm: {
    method: 'POST',
    path: '/api/alarms/:alarm/handle',
    permission: 'admin',
    summary: 'Accept, check, answer, close, call false, shelve (at most 8 hours), reopen',
    params: byId,
    body: z.strictObject({
      action: z.enum(ALARM_ACTIONS),
      note: note.default(''),
      /** For `shelve`. */
      minutes: z.int().min(1).max(480).optional(),
      actor,
    }),
    response: alarmView,
  },
  rules: {
    method: 'GET',
    path: '/api/rules',
    permission: 'read',
    summary: 'Every alarm rule with its settings in force and how it fares',
    response: z.array(ruleView),
  },
  ruleHistory: {
    method: 'GET',
    path: '/api/rules/:rule/history',
    permission: 'read',
    summary: 'Changes of a rule’s settings, newest first',
    params: byRule,
    response: z.array(settingsChangeView),
  },
  trySettings: {
    method: 'POST',
    path: '/api/rules/:rule/trial',
    permission: 'admin',
    summary: 'Run a rule over past data with other settings: which alarms more, which fewer',
    params: byRule,
    body: z.strictObject({
      site: z.union([siteCode, z.literal('')]).default(''),
      values: settingsChange.shape.values,
      /** Span of the log by time of receipt; the last 30 days when absent. */
      from: at.optional(),
      to: at.optional(),
    }),
    response: trialAnswer,
  },
  changeSettings: {
    method: 'POST',
    path: '/api/rules/:rule/settings',
    permission: 'admin',
    summary: 'Change settings of a rule from a moment on',
    params: byRule,
    body: z.strictObject({
      site: z.union([siteCode, z.literal('')]).default(''),
      values: settingsChange.shape.values,
      /** Now when absent. */
      from: at.optional(),
      reason: note.min(1),
      actor,
    }),
    response: z.strictObject({ position: int }),
  },
  notices: {
    method: 'GET',
    path: '/api/notices',
    permission: 'read',
    summary: 'Registered deliveries, newest expected first',
    query: z.strictObject({
      site: siteCode.optional(),
      from: queryInt.optional(),
      to: queryInt.optional(),
      limit: queryInt.default(100),
    }),
    response: z.array(noticeView),
  },
  registerNotice: {
    method: 'POST',
    path: '/api/notices',
    permission: 'admin',
    summary: 'Register a delivery before it comes; the same `notice` again replaces it',
    body: deliveryNotice.omit({ notice: true }).extend({
      notice: deliveryNotice.shape.notice.optional(),
      actor,
    }),
    response: z.strictObject({ notice: z.string(), position: int }),
  },
  withdrawNotice: {
    method: 'POST',
    path: '/api/notices/:notice/withdraw',
    permission: 'admin',
    summary:
      'Take a registered delivery back: it covers nothing any more, and what came under it is judged anew',
    params: z.strictObject({ notice: deliveryNotice.shape.notice }),
    body: withdrawalBody,
    response: z.strictObject({ position: int }),
  },
  windows: {
    method: 'GET',
    path: '/api/windows',
    permission: 'read',
    summary: 'Declared maintenance and verification windows, newest first',
    query: z.strictObject({ site: siteCode.optional(), limit: queryInt.default(100) }),
    response: z.array(windowView),
  },
  declareWindow: {
    method: 'POST',
    path: '/api/windows',
    permission: 'admin',
    summary: 'Declare a window within which alarms of a site or part are suppressed and name it',
    body: z.strictObject({
      ...quietWindow.shape,
      window: quietWindow.shape.window.optional(),
      note: quietWindow.shape.note.default(''),
      actor,
    }),
    response: z.strictObject({ window: z.string(), position: int }),
  },
  withdrawWindow: {
    method: 'POST',
    path: '/api/windows/:window/withdraw',
    permission: 'admin',
    summary: 'Take a window back before it begins, or end it early; one that is over cannot be undone',
    params: z.strictObject({ window: quietWindow.shape.window }),
    body: withdrawalBody,
    response: z.strictObject({ position: int }),
  },
})
