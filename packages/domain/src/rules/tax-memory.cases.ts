import { defineCases } from './cases.ts'
import { taxMemory } from './tax-memory.ts'

const DAY = `
      -1d 22:00 receipt 1 board=222200 L=10 Y=78.90 P=7.89 T=100 TY=789
      08:00 receipt 1 board=230800 L=50 Y=394.50 P=7.89 T=150 TY=1183
      17:00 receipt 1 board=231700 L=40 Y=315.60 P=7.89 T=190 TY=1499
      23:59:50 receipt 1 board=232359 L=10 Y=78.90 P=7.89 T=200 TY=1578`

export default defineCases(taxMemory, [
  {
    what: 'the day in the tax memory is 2 % short',
    events: `${DAY}
      1d 00:02 board-total 1 day label=20261123 L=98 Y=773.22`,
    until: '1d 00:10',
    expect: [
      '11-24 00:03:30 ▲ nozzle/1 永和加油站 1 号枪 2026-11-23 税控日累计 98.0 L,当日逐笔合计 100.0 L,相差 -2.00 %',
    ],
    expectEn: [
      '永和加油站, nozzle 1: 2026-11-23 tax memory of the day 98.0 L, its sales 100.0 L, off by -2.00 %',
    ],
  },
  {
    what: 'the month grew by less than what was sold between two readings',
    events: `
      00:02 board-total 1 month label=202611 L=5000 Y=39450${DAY}
      1d 00:02 board-total 1 month label=202611 L=5090 Y=40160`,
    until: '1d 00:10',
    settings: { floorMillilitres: 5_000 },
    expect: [
      '11-24 00:03:30 ▲ nozzle/1 永和加油站 1 号枪 2026-11 税控月累计增加 90.0 L,同期逐笔合计 110.0 L,相差 -18.18 %',
    ],
  },
  {
    what: 'day and month agree; the month is read again a sale later',
    events: `
      -1d 23:00 board-total 1 month label=202611 L=5000 Y=39450
      -1d 23:10 receipt 1 board=222310 L=10 Y=78.90 P=7.89 T=100 TY=789
      08:00 receipt 1 board=230800 L=50 Y=394.50 P=7.89 T=150 TY=1183
      1d 00:01 receipt 1 board=240001 L=50 Y=394.50 P=7.89 T=200 TY=1577
      1d 00:02 board-total 1 day label=20261123 L=50 Y=394.50
      1d 00:02 board-total 1 month label=202611 L=5110 Y=40318`,
    until: '1d 00:10',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the price channel missed a sale: the day is not whole and nothing is said',
    events: `
      -1d 22:00 receipt 1 board=222200 L=10 Y=78.90 P=7.89 T=100 TY=789
      08:00 receipt 1 board=230800 L=50 Y=394.50 P=7.89 T=150 TY=1183
      17:00 receipt 1 board=231700 L=40 Y=315.60 P=7.89 T=250 TY=1972
      1d 00:02 board-total 1 day label=20261123 L=150 Y=1183.50`,
    until: '1d 00:10',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the sum of the running day is not final',
    events: `${DAY}
      23:59:58 board-total 1 day label=20261123 L=90 Y=710`,
    until: '1d 00:10',
    expect: [],
    nearMiss: true,
  },
])
