import { defineCases } from './cases.ts'
import { suddenLoss } from './sudden-loss.ts'

export default defineCases(suddenLoss, [
  {
    what: 'a pipe leaks 5 L a minute at night, and is stopped',
    events: `
      01:00 level 1 L=10000
      01:15 level 1 L=10000
      01:30 level 1 L=9925
      01:45 level 1 L=9850
      02:00 level 1 L=9775
      02:15 level 1 L=9775
      02:30 level 1 L=9775
      02:45 level 1 L=9775
      03:00 level 1 L=9775
      03:15 level 1 L=9775`,
    expect: [
      '02:15 ▲ tank/1 永和加油站 1 号罐 11-23 01:15–02:00 无对应付油减少 225.0 L(20 ℃,平均 5.0 L/min)',
      '03:15 ○ tank/1',
    ],
  },
  {
    what: 'a thief pumps 600 L out of the tank while customers are served',
    events: `
      14:00 level 2 L=12000
      14:10 sale 3 L=60 T=1060 from=14:08
      14:15 level 2 L=11940
      14:30 level 2 L=11340
      14:45 level 2 L=11340`,
    expect: [
      '14:45 ▲ tank/2 永和加油站 2 号罐 11-23 14:15–14:30 无对应付油减少 600.0 L(20 ℃,平均 40.0 L/min)',
    ],
    expectEn: [
      '永和加油站, tank 2: 11-23 14:15–14:30 600.0 L gone without a sale (20 °C, 40.0 L/min on average)',
    ],
  },
  {
    what: 'a lorry is filled for twenty minutes: its sale is stated after the level has settled',
    events: `
      14:00 level 2 L=12000
      14:15 level 2 L=11700
      14:23 sale 3 L=420 T=1420 from=14:03
      14:30 level 2 L=11580
      14:45 level 2 L=11580
      15:00 level 2 L=11580`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a cold night after a delivery: 60 L of shrinking are none at 20 °C',
    events: `
      20:00 level 1 L=10000 C=25
      20:15 level 1 L=9969 C=22.5
      20:30 level 1 L=9938 C=20
      20:45 level 1 L=9900 C=17
      21:00 level 1 L=9900 C=17`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'after an outage the level is lower by what the totalizer says was sold',
    events: `
      14:00 total 3 T=1000
      14:00 level 2 L=12000
      16:00 level 2 L=11600
      16:01 total 3 T=1400
      16:15 level 2 L=11600
      16:30 level 2 L=11600
      16:45 level 2 L=11600`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the clock of the collector goes back two hours while oil runs in',
    events: `
      11:30 level 1 L=8000
      12:00 level 1 L=9000 status=1
      12:20 level 1 L=12000 status=1
      10:25 level 1 L=12000
      10:45 level 1 L=12000
      11:05 level 1 L=12000
      12:40 level 1 L=12000`,
    expect: [],
    nearMiss: true,
  },
])
