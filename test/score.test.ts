import { RULES } from '@oiltrail/domain'
import { describe, expect, it } from 'vitest'
import { FAULTS } from '../apps/simulator/src/faults/registry.ts'
import { judge } from '../bench/score/judge.ts'
import { honestMonth, honestPart } from '../bench/score/month.ts'
import { SCENARIOS } from '../bench/score/scenarios.ts'

/** A small version of `npm run score`, so that it cannot sink unseen: every scenario under one seed. */
const SEED = 11

describe('score of known thefts and honest look-alikes (B2)', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    const row = judge(scenario, SEED)
    expect(row, row.sentence).toMatchObject({ ok: true })
    expect(row.rules).not.toContain('rule-failed')
  })

  it('knows a scenario for every misdeed and look-alike of the simulator', () => {
    const devicesOnly = new Set([
      'forged-batch',
      'line-short',
      'board-silent',
      'port-closed',
      'no-sale-today',
      'midnight',
      'gauge-silent',
      'arm-silent',
    ])
    const played = new Set(SCENARIOS.map(({ fault }) => fault))
    expect(FAULTS.filter(({ name }) => !devicesOnly.has(name) && !played.has(name))).toEqual([])
  })

  it('expects of every misdeed a rule that exists', () => {
    const known = new Set(RULES.map(({ id }) => id))
    const misdeeds = SCENARIOS.filter(({ kind, rules }) => kind !== 'honest' && rules.length > 0)
    expect(misdeeds.filter(({ rules }) => !rules.some((rule) => known.has(rule)))).toEqual([])
  })

  it('costs at most two false alarms a day of the honest county', () => {
    const month = honestMonth([honestPart(SEED, 3)], 1, 3)
    expect(month.falseAlarmsPerDay, JSON.stringify(month.examples)).toBeLessThanOrEqual(2)
    expect(month.byRule).not.toHaveProperty('rule-failed')
  })
})
