import { defineCases } from './cases.ts'
import { doubleBooks } from './double-books.ts'
import { tankDays } from './tank-days.ts'

/** A tank's days with the board's receipt of every sale, a share of its volume. */
function days(share: number, slope: number): string {
  let total = 700_000
  return tankDays({ days: 3, slopeOf: () => slope })
    .split('\n')
    .flatMap((line) => {
      const sale = /^((?:\d+d )?\d\d:\d\d) sale 1 L=([\d.]+)/.exec(line)
      if (!sale) return [line]
      const shown = Number((Number(sale[2]) * share).toFixed(2))
      total += shown
      return [line, `${sale[1]}:03 receipt 1 L=${shown} Y=9 P=7.89 T=${total.toFixed(2)} TY=9`]
    })
    .join('\n')
}

export default defineCases(doubleBooks, [
  {
    what: 'software takes 2 % off board and tax totals; pulses and tank know',
    events: days(0.98, 1),
    expect: [
      '11-25 00:45 ▲ grade/92 永和加油站 92# 11-24 00:00–11-25 00:00 脉冲 1164.0 L、主板 1140.7 L(少 2.04 %);全部油枪主板 1140.7 L、油罐减少 1167.9 L(少 2.33 ± 6.91 %):主板账被改写',
    ],
    expectEn: [
      "永和加油站, grade 92: 11-24 00:00–11-25 00:00 pulses 1164.0 L, board 1140.7 L (2.04 % less); all nozzles by board 1140.7 L, tanks lost 1167.9 L (2.33 ± 6.91 % less): the board's books were rewritten",
    ],
  },
  {
    what: 'all three agree, on a tank whose chart is a little wrong',
    events: days(1, 1.006),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the pulses are the odd one out: tank and board agree (the business of pulses-against-board)',
    events: days(0.98, 0.98),
    expect: [],
    nearMiss: true,
  },
])
