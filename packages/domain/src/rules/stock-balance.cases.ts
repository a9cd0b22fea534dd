import { defineCases } from './cases.ts'
import { stockBalance } from './stock-balance.ts'
import { tankDays } from './tank-days.ts'

export default defineCases(stockBalance, [
  {
    what: '20 L an hour vanish for a day, before the chart is known',
    events: tankDays({ days: 2, lossPerHour: 20 }),
    expect: [
      '11-24 00:30 △ tank/1 永和加油站 1 号罐 11-23 00:00–11-24 00:00 期初 24000.0 L + 进油 0.0 L − 付油 1164.0 L,实存 22354.1 L,短少 481.9 L(允许 148.9 L,20 ℃)',
    ],
    expectEn: [
      '永和加油站, tank 1: 11-23 00:00–11-24 00:00 opening 24000.0 L + in 0.0 L − sold 1164.0 L, found 22354.1 L: 481.9 L short (allowed 148.9 L, 20 °C)',
    ],
  },
  {
    what: 'after ten days 3 L an hour are missing, less than a day may lack: seven days in a row',
    events: tankDays({ days: 19, refilled: true, lossFrom: 10, lossPerHour: 3 }),
    expect: [
      '12-09 00:30 ▲ tank/1 永和加油站 1 号罐 截至 12-09 00:00 连续 7 日付油 8148.0 L,累计短少 423.1 L(允许 303.0 L,20 ℃)',
    ],
  },
  {
    what: 'a chart 2 % wrong, every day the same',
    events: tankDays({ days: 18, refilled: true, slopeOf: () => 1.02 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'deliveries every third night are no surplus',
    events: tankDays({ days: 12, refilled: true }),
    expect: [],
    nearMiss: true,
  },
])
