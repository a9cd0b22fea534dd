import { CASE_SITE, defineCases } from './cases.ts'
import { stockBalance } from './stock-balance.ts'
import { tankDays } from './tank-days.ts'

/** Tank 1 is one of a depot: a thousand cubic metres. */
const DEPOT = {
  ...CASE_SITE,
  tanks: CASE_SITE.tanks.map((tank, i) =>
    i === 0
      ? {
          ...tank,
          capacityMillilitres: 1_000_000_000,
          safeFillMillilitres: 950_000_000,
          diameterMillimetres: 11_500,
        }
      : tank,
  ),
}

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
      '12-09 00:30 ▲ tank/1 永和加油站 1 号罐 截至 12-09 00:00 连续 7 日付油 8148.0 L,累计短少 423.1 L(允许 346.9 L,20 ℃)',
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
  {
    what: '20 L an hour vanish at a site that declares every day: three days in four are judged all the same',
    events: tankDays({ days: 3, lossPerHour: 20, declaredOn: () => true }),
    expect: [
      '11-25 00:30 △ tank/1 永和加油站 1 号罐 11-24 00:00–11-25 00:00 期初 22354.1 L + 进油 0.0 L − 付油 1164.0 L,实存 20711.9 L,短少 478.2 L(允许 148.5 L,20 ℃)',
    ],
  },
  {
    what: 'a thief declares his days: 45 L an hour vanish on every fourth, which are excused; the month is not',
    events: tankDays({
      days: 14,
      refilled: true,
      lossPerHour: 45,
      lossOn: (day) => day % 4 === 3,
      declaredOn: (day) => day % 4 === 3,
    }),
    expect: [
      '11-27 00:30 ▲ tank/1 永和加油站 1 号罐 截至 11-27 00:00 本月付油 4656.0 L,累计短少 1078.0 L(允许 571.5 L,20 ℃)',
      '12-01 00:30 ▲ tank/1 永和加油站 1 号罐 截至 12-01 00:00 本月付油 4656.0 L,累计短少 1087.0 L(允许 570.6 L,20 ℃)',
      '12-05 00:30 ▲ tank/1 永和加油站 1 号罐 截至 12-05 00:00 本月付油 4656.0 L,累计短少 1050.2 L(允许 618.3 L,20 ℃)',
    ],
  },
  {
    what: 'one declared day on which 480 L are taken out to clean the tank',
    events: tankDays({ days: 10, lossPerHour: 20, lossFrom: 6, lossTo: 7, declaredOn: (day) => day === 6 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'ten cool days, then ten warm ones: 500 cubic metres breathe out 60 L a day, more in a week than a station may lack',
    site: DEPOT,
    events: tankDays({ days: 20, openingLitres: 500_000, refilled: true, lossFrom: 10, lossPerHour: 2.5 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'ten cool days, then 200 L a day go: more than such a tank breathes',
    site: DEPOT,
    events: tankDays({ days: 19, openingLitres: 500_000, refilled: true, lossFrom: 10, lossPerHour: 8.3 }),
    expect: [
      '12-09 00:30 ▲ tank/1 永和加油站 1 号罐 截至 12-09 00:00 连续 7 日付油 8148.0 L,累计短少 1181.0 L(允许 1034.1 L,20 ℃)',
    ],
  },
  {
    what: 'a chart 5 % wrong as a whole: it makes too much of sales and of deliveries alike, and the documents say so',
    events: tankDays({ days: 26, refilled: true, registered: 1 / 1.05, slopeOf: () => 1.05 }),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the same gauge and right documents: the oil goes where no meter is',
    events: tankDays({ days: 26, refilled: true, registered: 1, slopeOf: () => 1.05 }),
    expect: [
      '12-13 00:30 ▲ tank/1 永和加油站 1 号罐 截至 12-13 00:00 本月付油 13968.0 L,累计短少 693.8 L(允许 690.3 L,20 ℃)',
    ],
  },
])
