import {
  type Alarm,
  channelSubject,
  defineRule,
  earlier,
  type Held,
  held,
  NOT_HELD,
  partSubject,
  type Raised,
  type Rule,
  subjectWords,
} from '@oiltrail/domain'
import type { AlarmRow } from '@oiltrail/store'

/** Rules of the tests: each shows one thing a rule can do, and nothing of a real one. */

const WORDS = { zh: '测试', en: 'test' }
const PLAIN = { version: 1, clause: WORDS, advice: WORDS, late: 'ignore', shelvable: true } as const

/** A condition with a delay on and off: a tank is low for ten minutes. */
export const LOW_LEVEL: Rule<Held, 'lowMillilitres' | 'delayMinutes'> = defineRule({
  ...PLAIN,
  id: 'test-low-level',
  grade: 'yellow',
  title: { zh: '库存偏低', en: 'Low stock' },
  settings: {
    lowMillilitres: {
      label: WORDS,
      unit: 'mL',
      value: 1_000_000,
      least: 0,
      most: 1e9,
      source: 'P',
      effective: '2026-01-01',
    },
    delayMinutes: {
      label: WORDS,
      unit: 'min',
      value: 10,
      least: 0,
      most: 600,
      source: 'P',
      effective: '2026-01-01',
    },
  },
  reads: ['level'],
  suppressedBy: ['test-dark'],
  subjectsOf: (event) =>
    event.type === 'fact' && event.fact.kind === 'level'
      ? [partSubject(event.site, 'tank', event.fact.tank)]
      : [],
  start: () => NOT_HELD,
  step(state, event, { settings }) {
    const low =
      event.type === 'fact' && event.fact.kind === 'level'
        ? event.fact.volumeMillilitres < settings.lowMillilitres
        : state.on !== (state.since !== null)
    const onAfterMs = settings.delayMinutes * 60_000
    const next = held(state, low, event.at, { onAfterMs, offAfterMs: 0 })
    return {
      state: next.held,
      wakeAt: next.wakeAt,
      verdict: next.held.on ? 'alert' : 'normal',
      ...(next.held.on
        ? {
            finding: {
              verdict: 'alert',
              facts: { lowMillilitres: settings.lowMillilitres },
              from: event.at,
              to: event.at,
              evidence: [event.ref],
            },
          }
        : {}),
      ...(next.fell ? { cleared: true } : {}),
    }
  },
  sentence: (raised, language) =>
    `${subjectWords(raised.subject, raised.siteName, language)} < ${raised.facts.lowMillilitres}`,
})

/** An event, not a condition: a totalizer goes back. */
export const TOTAL_BACK: Rule<number, never> = defineRule({
  ...PLAIN,
  id: 'test-total-back',
  grade: 'orange',
  title: { zh: '总累回退', en: 'Totalizer back' },
  settings: {},
  reads: ['total', 'sale'],
  shelvable: false,
  subjectsOf: (event) =>
    event.type === 'fact' && (event.fact.kind === 'total' || event.fact.kind === 'sale')
      ? [partSubject(event.site, 'nozzle', event.fact.nozzle)]
      : [],
  start: () => 0,
  step(state, event) {
    if (event.type !== 'fact' || !('totalMillilitres' in event.fact)) return { state }
    const total = event.fact.totalMillilitres
    if (total >= state) return { state: total }
    return {
      state: total,
      finding: {
        verdict: 'alert',
        momentary: true,
        facts: { before: state, after: total },
        from: event.at,
        to: event.at,
        evidence: [event.ref],
      },
    }
  },
  sentence: (raised) => `${raised.subject} ${raised.facts.before} > ${raised.facts.after}`,
})

/** Signs of life by the server's clock: a channel was not heard for 30 minutes. */
export const DARK: Rule<{ heardAt: number; dark: boolean }, never> = defineRule({
  ...PLAIN,
  id: 'test-dark',
  grade: 'orange',
  title: { zh: '失联', en: 'Dark' },
  settings: {},
  reads: ['heard'],
  subjectsOf: (event) =>
    event.type === 'heard' && event.site ? [channelSubject(event.site, event.device, event.channel)] : [],
  start: (): { heardAt: number; dark: boolean } => ({ heardAt: 0, dark: false }),
  step(state, event) {
    if (event.type === 'heard')
      return {
        state: { heardAt: event.at, dark: false },
        wakeAt: earlier(event.at + 30 * 60_000, null),
        ...(state.dark ? { cleared: true } : {}),
      }
    return {
      state: { ...state, dark: true },
      finding: {
        verdict: 'alert',
        facts: { minutes: (event.at - state.heardAt) / 60_000 },
        from: state.heardAt,
        to: event.at,
        evidence: [event.ref],
      },
    }
  },
  sentence: (raised, language) =>
    `${subjectWords(raised.subject, raised.siteName, language)} ${raised.facts.minutes} min`,
})

/** A rule that fails at every price. */
export const THROWS: Rule<null, never> = defineRule({
  ...PLAIN,
  id: 'test-throws',
  grade: 'blue',
  title: WORDS,
  settings: {},
  reads: ['price'],
  subjectsOf: (event) => [event.site],
  start: () => null,
  step() {
    throw new Error('this rule always fails')
  },
  sentence: () => '',
})

const raised: Raised = {
  rule: LOW_LEVEL.id,
  version: 1,
  subject: 'S001/tank/1',
  site: 'S001',
  siteName: 'S001站',
  settings: { lowMillilitres: 1_000_000, delayMinutes: 10 },
  verdict: 'alert',
  facts: { lowMillilitres: 1_000_000 },
  from: 1_795_413_000_000,
  to: 1_795_413_600_000,
  evidence: [{ position: 3, seq: 1 }],
}
const alarm: Alarm = {
  alarm: 7,
  rule: LOW_LEVEL.id,
  subject: raised.subject,
  site: 'S001',
  grade: 'yellow',
  first: raised,
  latest: raised,
  count: 1,
  openedAt: raised.to,
  openedLoggedAt: raised.to,
  openedRef: { position: 3, seq: 1 },
  lastSeenAt: raised.to,
  active: true,
  handling: 'waiting',
  reopened: 0,
}
/** An alarm as stored, for tests of what reads it. */
export const ALARM_ROW: AlarmRow = { alarm, sentence: { zh: 'S001站 1 号罐', en: 'S001站, tank 1' } }
