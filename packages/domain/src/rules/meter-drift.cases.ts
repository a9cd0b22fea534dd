import { defineCases } from './cases.ts'
import { meterDrift } from './meter-drift.ts'
import { tankDays } from './tank-days.ts'

export default defineCases(meterDrift, [
  {
    what: 'after ten days somebody turns the wheel: customers get 1 % less than they pay for',
    events: tankDays({ days: 15, refilled: true, slopeOf: (day) => (day < 10 ? 1 : 0.99) }),
    expect: [
      '12-07 12:30 ▲ tank/1 永和加油站 1 号罐 12-02 12:00–12-07 11:30 每计量 1 L 罐内少减 0.82 ± 0.42 %(与以往同液位相比)',
    ],
    expectEn: [
      '永和加油站, tank 1: 12-02 12:00–12-07 11:30 the tank loses 0.82 ± 0.42 % less per litre metered than it used to at this filling',
    ],
  },
  {
    what: 'a chart that is 2 % wrong all the time is no meter',
    events: tankDays({ days: 16, refilled: true, slopeOf: () => 1.02 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a meter within what is permitted: 0.25 % after ten days',
    events: tankDays({ days: 16, refilled: true, slopeOf: (day) => (day < 10 ? 1 : 1.0025) }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the wheel is turned at a site that declares every day',
    events: tankDays({
      ...{ days: 15, refilled: true, slopeOf: (day) => (day < 10 ? 1 : 0.99) },
      declaredOn: () => true,
    }),
    expect: [
      '12-07 12:30 ▲ tank/1 永和加油站 1 号罐 12-02 12:00–12-07 11:30 每计量 1 L 罐内少减 0.82 ± 0.42 %(与以往同液位相比)',
    ],
  },
  {
    what: 'two days of verification, cans poured back: 6 % of what was metered came back, and the meter is what it was',
    events: tankDays({
      ...{ days: 16, refilled: true, slopeOf: (day) => (day === 10 || day === 11 ? 0.94 : 1) },
      declaredOn: (day) => day === 10 || day === 11,
    }),
    expect: [],
    nearMiss: true,
  },
])
