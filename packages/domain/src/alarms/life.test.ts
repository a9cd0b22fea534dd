import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Raised } from '../rules/rule.ts'
import { type Alarm, HANDLINGS, isFinished, isOpen } from './alarm.ts'
import {
  ALARM_ACTION_TABLE,
  ALARM_ACTIONS,
  type AlarmStep,
  decideCleared,
  decideCommand,
  decideFound,
  decideReleased,
  decideSuppressed,
  evolve,
  isInSight,
  LONGEST_SHELF_MS,
  RENEW_AFTER_MS,
} from './life.ts'
import { watchStatement } from './statements.ts'

const raised = (changes: Partial<Raised> = {}): Raised => ({
  rule: 'r',
  version: 1,
  subject: 'S001/nozzle/1',
  site: 'S001',
  siteName: '站',
  settings: {},
  verdict: 'alert',
  facts: {},
  from: 0,
  to: 1,
  evidence: [],
  ...changes,
})
const found = (at: number, changes: Partial<Raised> = {}) => ({
  raised: raised(changes),
  grade: 'yellow' as const,
  at,
  loggedAt: at,
  ref: { position: at, seq: 0 },
})
const play = (alarm: Alarm | undefined, steps: readonly AlarmStep[]): Alarm | undefined =>
  steps.reduce<Alarm | undefined>(
    (before, step) => evolve(step.step === 'raised' ? undefined : before, step),
    alarm,
  )
const born = (changes: Partial<Raised> = {}): Alarm =>
  play(undefined, decideFound(undefined, found(1, changes), 1))!
const command = (action: (typeof ALARM_ACTIONS)[number], more: object = {}) => ({
  action,
  actor: '张三',
  note: '已核实',
  at: 10,
  ...more,
})

describe('a cause', () => {
  it('has at most one open alarm, loses no finding, and numbers never repeat', () => {
    const act = fc.oneof(
      fc.record({ do: fc.constant('find' as const), momentary: fc.boolean(), hours: fc.nat(30) }),
      fc.record({ do: fc.constant('clear' as const), hours: fc.nat(3) }),
      fc.record({ do: fc.constantFrom(...ALARM_ACTIONS), hours: fc.nat(3) }),
    )
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const all = new Map<number, Alarm>()
        let next = 1
        let now = 0
        let findings = 0
        for (const each of acts) {
          now += each.hours * 3_600_000
          const open = [...all.values()].find(isOpen)
          let steps: readonly AlarmStep[] = []
          if (each.do === 'find') {
            findings++
            steps = decideFound(open, found(now, { momentary: each.momentary }), next)
          } else if (each.do === 'clear') steps = decideCleared(open, now)
          else if (open) {
            const decided = decideCommand(open, command(each.do, { at: now, until: now + 1 }), true)
            if (decided.ok) steps = decided.value
          }
          let current = open
          for (const step of steps) {
            if (step.step === 'raised') {
              expect(all.has(step.alarm)).toBe(false)
              next = step.alarm + 1
              current = undefined
            }
            current = evolve(current, step)
            all.set(current.alarm, current)
          }
          expect([...all.values()].filter(isOpen).length).toBeLessThanOrEqual(1)
        }
        expect([...all.values()].reduce((sum, alarm) => sum + alarm.count, 0)).toBe(findings)
      }),
    )
  })

  it('that is still there a day after its alarm was closed raises a new one', () => {
    const accepted = play(born(), [
      { step: 'handled', at: 2, action: 'accept', to: 'accepted', actor: 'a', note: '' },
    ])!
    const closed = play(accepted, unwrap(decideCommand(accepted, command('close'), true)))!
    expect(isFinished(closed) && isOpen(closed)).toBe(true)
    const soon = decideFound(closed, found(10 + RENEW_AFTER_MS - 1), 2)
    expect(soon.map((step) => step.step)).toEqual(['folded'])
    const late = decideFound(closed, found(10 + RENEW_AFTER_MS), 2)
    expect(late.map((step) => step.step)).toEqual(['replaced', 'raised'])
  })

  it('never becomes lighter by folding', () => {
    const heavy = play(born(), decideFound(born(), { ...found(2), grade: 'red' }, 2))!
    expect(play(heavy, decideFound(heavy, { ...found(3), grade: 'blue' }, 2))).toMatchObject({
      grade: 'red',
      count: 3,
    })
  })
})

describe('suppression', () => {
  const suppressor = { by: 'alarm', alarm: 9, rule: 'dark' } as const

  it('hides only what nobody has touched, and settles what is gone when it ends', () => {
    const hidden = play(born(), decideSuppressed(born(), suppressor, 5))!
    expect(isInSight(hidden, 5)).toBe(false)
    expect(isInSight(play(hidden, decideReleased(hidden, 6))!, 6)).toBe(true)
    const gone = play(hidden, decideCleared(hidden, 6))!
    expect(gone).toMatchObject({ handling: 'closed', active: false })
    expect(decideReleased(gone, 7), 'settled once').toEqual([])
    const accepted = play(born(), unwrap(decideCommand(born(), command('accept'), true)))!
    expect(decideSuppressed(accepted, suppressor, 5)).toEqual([])
  })
})

describe('what people do', () => {
  it('follows one table: every action from every handling', () => {
    for (const handling of HANDLINGS)
      for (const action of ALARM_ACTIONS) {
        const alarm: Alarm = {
          ...born(),
          handling,
          ...(action === 'unshelve' ? { shelf: { until: 99, reason: '', actor: '' } } : {}),
        }
        const decided = decideCommand(alarm, command(action, { until: 20 }), true)
        expect(decided.ok, `${action} from ${handling}`).toBe(
          ALARM_ACTION_TABLE[action].from.includes(handling),
        )
        const to = ALARM_ACTION_TABLE[action].to
        if (decided.ok && to) expect(play(alarm, decided.value)).toMatchObject({ handling: to })
      }
  })

  it('needs a reason where the table says so, and only a bounded one', () => {
    for (const action of ALARM_ACTIONS.filter((each) => ALARM_ACTION_TABLE[each].note)) {
      const alarm: Alarm = { ...born(), handling: ALARM_ACTION_TABLE[action].from[0]! }
      const more = { until: 20 }
      expect(decideCommand(alarm, command(action, { ...more, note: '  ' }), true).ok).toBe(false)
      expect(decideCommand(alarm, command(action, { ...more, note: 'x'.repeat(501) }), true).ok).toBe(false)
    }
  })

  it('shelves for at most eight hours, and not where the rule forbids it', () => {
    const until = (at: number, shelvable = true) =>
      decideCommand(born(), command('shelve', { until: at }), shelvable)
    expect(until(10 + LONGEST_SHELF_MS).ok).toBe(true)
    expect(until(11 + LONGEST_SHELF_MS)).toMatchObject({
      problem: { code: 'INVALID_REQUEST', where: 'until' },
    })
    expect(until(10).ok).toBe(false)
    expect(until(20, false)).toMatchObject({ problem: { code: 'FORBIDDEN' } })
    const shelved = play(born(), unwrap(until(20)))!
    expect([isInSight(shelved, 19), isInSight(shelved, 20)]).toEqual([false, true])
  })
})

describe('statements', () => {
  it('of junk are refused, never thrown', () =>
    fc.assert(fc.property(fc.anything(), (junk) => !watchStatement.safeParse(junk).success)))

  it('hold no control characters and no endless window', () => {
    const base = { v: 1, actor: 'a', at: 1, action: 'window-declared' }
    const window = { window: 'W', site: 'S001', part: '', purpose: 'other', from: 1, to: 2, note: '' }
    expect(watchStatement.safeParse({ ...base, window }).success).toBe(true)
    for (const bad of [
      { note: '\u0000' },
      { to: 1 },
      { to: 61 * 86_400_000 },
      { part: '../etc' },
      { window: '' },
    ])
      expect(watchStatement.safeParse({ ...base, window: { ...window, ...bad } }).success).toBe(false)
  })
})

function unwrap<T>(result: { ok: true; value: T } | { ok: false }): T {
  if (!result.ok) throw new Error('refused')
  return result.value
}
