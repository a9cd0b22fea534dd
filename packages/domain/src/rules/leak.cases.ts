import { defineCases } from './cases.ts'
import { leak } from './leak.ts'
import { tankDays } from './tank-days.ts'

export default defineCases(leak, [
  {
    what: '0.757 L/h leak out of a tank that sells 1,100 L a day',
    events: tankDays({ days: 5, lossPerHour: 0.757 }),
    expect: [
      '11-27 12:30 ▲ tank/1 永和加油站 1 号罐 11-23 00:00–11-27 11:30 持续失油 0.76 ± 0.31 L/h(5 段静置拟合,折合每月 546 L)',
    ],
    expectEn: [
      '永和加油站, tank 1: 11-23 00:00–11-27 11:30 loses 0.76 ± 0.31 L/h (5 fits of quiet hours; 546 L a month)',
    ],
  },
  {
    what: 'a tank taken out of use leaks 0.38 L/h',
    events: tankDays({ days: 5, lossPerHour: 0.379, still: true }),
    expect: [
      '11-27 12:30 ▲ tank/1 永和加油站 1 号罐 11-23 00:00–11-27 11:30 持续失油 0.38 ± 0.11 L/h(5 段静置拟合,折合每月 274 L)',
    ],
  },
  {
    what: 'a chart 3 % wrong: what it holds goes down by day with the sales, and not by night',
    events: tankDays({ days: 12, slopeOf: () => 1.03 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'breathing: 0.06 L/h are no leak',
    events: tankDays({ days: 12, lossPerHour: 0.06 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'declared every noon and every midnight: a tank whose every day is declared leaks like another',
    events: tankDays({ days: 5, lossPerHour: 0.757, declaredOn: () => true }),
    expect: [
      '11-27 12:30 ▲ tank/1 永和加油站 1 号罐 11-23 00:00–11-27 11:30 持续失油 0.76 ± 0.31 L/h(5 段静置拟合,折合每月 546 L)',
    ],
  },
  {
    what: 'three declared days on which the tank is drained slowly to be cleaned: strange days are no leak',
    events: tankDays({
      ...{ days: 12, lossPerHour: 6, lossFrom: 6, lossTo: 9 },
      declaredOn: (day) => day >= 6 && day < 9,
    }),
    expect: [],
    nearMiss: true,
  },
])
