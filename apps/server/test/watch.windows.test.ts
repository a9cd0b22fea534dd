import { RULES, type Rule, type Signal, WindowBook } from '@oiltrail/domain'
import { HOUR_MS } from '@oiltrail/kernel'
import { describe, expect, it } from 'vitest'
import { AlarmBoard } from '../src/watch/board.ts'

/** Marks of tampering (C1, C2): a window that the site declares for itself hides none of them. */
const TAMPERING = [
  'board-changed',
  'cabinet-opened',
  'chain-broken',
  'clock-turned-back',
  'key-wrong',
  'line-cut',
  'line-rewired',
  'totalizer-back',
]
/** Rules that weigh declared hours themselves, and the one about declaring too much. */
const OF_DAYS = ['leak', 'meter-drift', 'over-declared', 'stock-balance']
const NOON = Date.UTC(2026, 10, 23, 4)

function found(rule: Rule, subject: string): Signal {
  const raised = {
    ...{ rule: rule.id, version: rule.version, subject, site: 'S001', siteName: '永和加油站', settings: {} },
    ...{ verdict: 'alert' as const, facts: {}, from: NOON, to: NOON, evidence: [] },
  }
  return { type: 'found', raised, at: NOON, loggedAt: NOON, ref: { position: 7, seq: 1 } }
}

describe('a declared window (C1, C2)', () => {
  it.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
    const windows = new WindowBook()
    const span = { from: NOON - HOUR_MS, to: NOON + HOUR_MS }
    windows.take({ window: 'W-1', site: 'S001', part: '', purpose: 'maintenance', note: '', ...span })
    const board = new AlarmBoard(RULES, windows, { openAlarms: [], steps: [], lastAlarm: 0 })
    board.signal(found(rule, 'S001/nozzle/1'))
    const { suppressed } = board.takeChange().alarms[0]!.alarm
    expect(suppressed?.by).toBe([...TAMPERING, ...OF_DAYS].includes(id) ? undefined : 'window')
  })
})
