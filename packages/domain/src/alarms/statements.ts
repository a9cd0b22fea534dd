import { SITE_PATTERN } from '@oiltrail/kernel'
import { z } from 'zod'
import { epochMs, subjectCode, volumeMillilitres } from '../facts/fields.ts'
import { chartDecision } from '../registry/chart.ts'
import { GRADES } from '../registry/grades.ts'
import { WITHDRAWABLE } from '../rules/withdrawal.ts'
import { ALARM_ACTIONS, LONGEST_NOTE } from './life.ts'

/** What people state about alarms, rules and deliveries: desk entries of the log (docs/formats/log.md §1). */

/** Text without control characters: it is stored, shown and printed. */
const text = (longest: number): z.ZodString =>
  z
    .string()
    .max(longest)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u)
const identifier = z.string().regex(/^[A-Za-z0-9._-]{1,40}$/)
export const ruleId = z.string().regex(/^[a-z0-9-]{1,40}$/)
const subject = text(120).min(1)
const actor = text(80)
const siteCode = z.string().regex(SITE_PATTERN)
/** Longest a declared window may last: a verification takes hours, a rebuilding weeks. */
export const LONGEST_WINDOW_MS = 60 * 86_400_000

/** A registered delivery, as sent by API or form. */
export const deliveryNotice = z.strictObject({
  notice: identifier,
  site: siteCode,
  grade: z.enum(GRADES),
  tank: subjectCode.optional(),
  volumeMillilitres: volumeMillilitres.min(1),
  temperatureCentiCelsius: z.int().min(-4_000).max(6_000).optional(),
  expectedAt: epochMs,
  supplier: text(80).min(1),
  plate: text(16).optional(),
  document: text(40).optional(),
})

/** A declared maintenance or verification window. */
export const quietWindow = z
  .strictObject({
    window: identifier,
    site: siteCode,
    part: z.string().regex(/^((tank|nozzle|arm|device)\/[A-Za-z0-9-]{1,40})?$/),
    purpose: z.enum(['maintenance', 'verification', 'cleaning', 'other']),
    from: epochMs,
    to: epochMs,
    note: text(LONGEST_NOTE),
  })
  .refine((window) => window.to > window.from && window.to - window.from <= LONGEST_WINDOW_MS, {
    message: 'a window ends after it begins and lasts at most 60 days',
    path: ['to'],
  })

/** Takes back the newest notice or window of a name (`Withdrawal`); the log keeps both statements. */
export const withdrawal = z.strictObject({ of: z.enum(WITHDRAWABLE), name: identifier, site: siteCode })

/** A change of settings: from a moment on, for the county (`site` empty) or one site. */
export const settingsChange = z.strictObject({
  rule: ruleId,
  site: z.union([siteCode, z.literal('')]),
  from: epochMs,
  values: z
    .record(z.string().regex(/^[A-Za-z0-9]{1,60}$/), z.number())
    .refine((values) => Object.keys(values).length <= 40, 'too many settings'),
})

/** Names an alarm across replays: its cause and the entry of the log that raised it. */
export const alarmName = z.strictObject({ rule: ruleId, subject, position: z.int().min(0) })

/** A signed head of a log has some 400 characters, with the longest name some 700. */
const LONGEST_CHECKPOINT = 4_096
/** More rules and measures than any build has; it bounds the entry. */
export const MOST_EDITIONS = 64
/** Which edition of each rule and measure judges: the first 16 hex digits of the SHA-256 of its text (`editions`), by id. */
export const ruleEditions = z
  .record(ruleId, z.string().regex(/^[0-9a-f]{16}$/))
  .refine((rules) => Object.keys(rules).length <= MOST_EDITIONS, 'too many rules')
export type RuleEditions = z.infer<typeof ruleEditions>

const stated = { v: z.literal(1), actor, at: epochMs }

/** Every statement the watch understands. */
export const watchStatement = z.discriminatedUnion('action', [
  z.strictObject({
    ...stated,
    action: z.literal('alarm-handled'),
    alarm: alarmName,
    do: z.enum(ALARM_ACTIONS),
    note: text(LONGEST_NOTE),
    until: epochMs.optional(),
  }),
  z.strictObject({
    ...stated,
    action: z.literal('settings-changed'),
    change: settingsChange,
    reason: text(LONGEST_NOTE),
  }),
  z.strictObject({ ...stated, action: z.literal('delivery-noticed'), notice: deliveryNotice }),
  z.strictObject({ ...stated, action: z.literal('window-declared'), window: quietWindow }),
  z.strictObject({
    ...stated,
    action: z.literal('withdrawn'),
    withdrawal,
    reason: text(LONGEST_NOTE).min(1),
  }),
  z.strictObject({
    ...stated,
    action: z.literal('chart-decided'),
    decision: chartDecision,
    reason: text(LONGEST_NOTE).min(1),
  }),
  /** The log's own time, stated while a rule waits and nothing else is logged (promise 5). */
  z.strictObject({ ...stated, action: z.literal('clock-ticked') }),
  /**
   * The platform is at work, by these editions of its rules. Unless `away` is false it could hear nobody since the entry before:
   * silence meanwhile is nobody's fault. `restored`: the log goes on here from a copy of its database; `lost` is the newest
   * checkpoint of what was given up, as far as known.
   */
  z.strictObject({
    ...stated,
    action: z.literal('platform-started'),
    away: z.boolean().optional(),
    rules: ruleEditions.optional(),
    restored: z.strictObject({ lost: z.string().min(1).max(LONGEST_CHECKPOINT).optional() }).optional(),
  }),
])
export type WatchStatement = z.infer<typeof watchStatement>

/** The actions of `watchStatement`. */
export const WATCH_ACTIONS: readonly string[] = [
  'alarm-handled',
  'settings-changed',
  'delivery-noticed',
  'window-declared',
  'withdrawn',
  'chart-decided',
  'clock-ticked',
  'platform-started',
] satisfies readonly WatchStatement['action'][]
