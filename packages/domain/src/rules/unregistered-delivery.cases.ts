import { defineCases } from './cases.ts'
import { unregisteredDelivery } from './unregistered-delivery.ts'

/** Levels every quarter of an hour, before anything happens. */
const CALM = `
      22:00 level 1 L=10000
      22:15 level 1 L=10000
      22:30 level 1 L=10000`

export default defineCases(unregisteredDelivery, [
  {
    what: 'a tanker unloads 5,000 L at night and nobody has registered it: told at the first climb, and again when it is in',
    events: `${CALM}
      22:46 level 1 L=11200 status=1
      22:55 level 1 L=14800 status=1
      23:00 level 1 L=15000
      23:15 level 1 L=15000
      23:30 level 1 L=15000
      23:45 level 1 L=15000`,
    expect: [
      '22:46 ▲ tank/1 永和加油站 1 号罐 11-23 22:30–22:46 进油 1200.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
      '23:15 ▲ tank/1 永和加油站 1 号罐 11-23 22:30–23:00 进油 5000.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
  },
  {
    what: '200 L slipped in while customers are served: the level hardly rises, what the tank held does',
    events: `
      14:00 level 1 L=10000
      14:10 sale 1 L=60 T=1060 from=14:08
      14:15 level 1 L=9940
      14:25 sale 1 L=90 T=1150 from=14:22
      14:30 level 1 L=10050
      14:45 level 1 L=10050
      15:00 level 1 L=10050`,
    expect: [
      '14:45 ▲ tank/1 永和加油站 1 号罐 11-23 14:15–14:30 进油 200.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
    expectEn: [
      '永和加油站, tank 1: 11-23 14:15–14:30 200.0 L came in (20 °C, sales meanwhile included), no delivery registered within ±2 h',
    ],
  },
  {
    what: 'a registered delivery, an hour later than expected',
    events: `
      20:00 notice 92 L=5000 tank=1 expected=21:30${CALM}
      22:46 level 1 L=11200 status=1
      23:00 level 1 L=15000
      23:15 level 1 L=15000
      23:30 level 1 L=15000
      23:45 level 1 L=15000`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'one notice, two loads: the second is not explained by it',
    events: `
      20:00 notice 92 L=5000 tank=1 expected=22:30
      21:30 level 1 L=10000
      21:45 level 1 L=10000
      22:00 level 1 L=15000
      22:15 level 1 L=15000
      22:30 level 1 L=15000
      22:45 level 1 L=15000
      23:00 level 1 L=15000
      23:15 level 1 L=18000
      23:30 level 1 L=18000`,
    expect: [
      '23:15 ▲ tank/1 永和加油站 1 号罐 11-23 23:00–23:15 进油 3000.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
  },
  {
    what: 'a hot day: the oil swells by 140 L and is no more at 20 °C',
    events: `
      10:00 level 1 L=10000 C=20
      10:15 level 1 L=10060 C=25
      10:30 level 1 L=10140 C=31.5
      10:45 level 1 L=10140 C=31.5
      11:00 level 1 L=10140 C=31.5`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'calibration: 160 L from test cans, under a declared window: said as seen, and the platform hides it under the name of the window',
    events: `
      09:50 window tank/1 verification from=09:50 to=12:00
      10:00 level 1 L=10000
      10:15 level 1 L=10000
      10:20 sale 1 L=80 T=1080
      10:28 sale 1 L=80 T=1160
      10:30 level 1 L=10000
      10:45 level 1 L=10000
      11:00 level 1 L=10000`,
    expect: [
      '10:45 ▲ tank/1 永和加油站 1 号罐 11-23 10:15–10:30 进油 160.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
  },
  {
    what: 'a noisy gauge: 40 L up and down',
    events: `
      10:00 level 1 L=10000
      10:15 level 1 L=10040
      10:30 level 1 L=9990
      10:45 level 1 L=10030
      11:00 level 1 L=10000`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the notice was a slip of the pen and is withdrawn before the lorry comes: it covers nothing any more',
    events: `
      20:00 notice 92 L=5000 tank=1 expected=22:30
      21:00 withdrawal notice N1${CALM}
      22:46 level 1 L=11200 status=1
      22:55 level 1 L=11200`,
    expect: [
      '22:46 ▲ tank/1 永和加油站 1 号罐 11-23 22:30–22:46 进油 1200.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
  },
  {
    what: 'the notice is withdrawn an hour after its oil came: what it covered was never registered',
    events: `
      20:00 notice 92 L=5000 tank=1 expected=22:30${CALM}
      22:46 level 1 L=15000
      23:00 level 1 L=15000
      23:15 level 1 L=15000
      23:30 level 1 L=15000
      23:50 withdrawal notice N1`,
    expect: [
      '23:50 ▲ tank/1 永和加油站 1 号罐 11-23 22:30–22:46 进油 5000.0 L(20 ℃,已计入同期付油),其来油登记 N1 已撤回或改登',
    ],
    expectEn: [
      '永和加油站, tank 1: 11-23 22:30–22:46 5000.0 L came in (20 °C, sales meanwhile included), its notice N1 was withdrawn or changed',
    ],
  },
  {
    what: 'the notice is withdrawn while its oil runs in: told at once, and again with what came after',
    events: `
      20:00 notice 92 L=5000 tank=1 expected=22:30${CALM}
      22:46 level 1 L=11200 status=1
      22:50 withdrawal notice N1
      23:00 level 1 L=15000
      23:15 level 1 L=15000
      23:30 level 1 L=15000
      23:45 level 1 L=15000`,
    expect: [
      '22:50 ▲ tank/1 永和加油站 1 号罐 11-23 22:30–22:46 进油 1200.0 L(20 ℃,已计入同期付油),其来油登记 N1 已撤回或改登',
      '23:15 ▲ tank/1 永和加油站 1 号罐 11-23 22:30–23:00 进油 5000.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
  },
  {
    what: 'registered twice, the wrong one withdrawn after the oil came: the right one covers it, and no second load',
    events: `
      20:00 notice 92 L=5000 tank=1 id=N1 expected=22:30
      20:05 notice 92 L=5000 tank=1 id=N2 expected=22:30${CALM}
      22:46 level 1 L=15000
      23:00 level 1 L=15000
      23:15 level 1 L=15000
      23:30 level 1 L=15000
      23:35 withdrawal notice N1
      23:45 level 1 L=15000
      1d 00:00 level 1 L=18000
      1d 00:15 level 1 L=18000`,
    expect: [
      '11-24 00:15 ▲ tank/1 永和加油站 1 号罐 11-23 23:45–11-24 00:00 进油 3000.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
  },
  {
    what: 'registered twice, the wrong one withdrawn while the oil runs in: the right one covers it',
    events: `
      20:00 notice 92 L=5000 tank=1 id=N1 expected=22:30
      20:05 notice 92 L=5000 tank=1 id=N2 expected=22:30${CALM}
      22:46 level 1 L=11200 status=1
      22:50 withdrawal notice N1
      23:00 level 1 L=15000
      23:15 level 1 L=15000
      23:30 level 1 L=15000
      23:45 level 1 L=15000`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'another notice is withdrawn, and a window of the same name',
    events: `
      20:00 notice 92 L=5000 tank=1 id=N1 expected=22:30
      20:05 notice 92 L=5000 tank=1 id=N2 expected=2d_22:30${CALM}
      22:40 withdrawal window N1
      22:41 withdrawal notice N2
      22:46 level 1 L=15000
      23:00 level 1 L=15000
      23:15 level 1 L=15000
      23:30 level 1 L=15000
      23:50 withdrawal notice N2
      23:51 withdrawal notice N9`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'withdrawn, and registered again under the same number',
    events: `
      20:00 notice 92 L=5000 tank=1 expected=22:30
      20:05 withdrawal notice N1
      20:10 notice 92 L=5000 tank=1 expected=23:00${CALM}
      22:46 level 1 L=15000
      23:00 level 1 L=15000`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the wrong tank was named, and the same notice stated anew for the right one: it covers the wrong one no more',
    events: `
      20:00 notice 92 L=5000 tank=1 expected=22:30
      20:05 notice 0 L=5000 tank=2 expected=22:30${CALM}
      22:46 level 1 L=11200 status=1
      22:55 level 1 L=11200`,
    expect: [
      '22:46 ▲ tank/1 永和加油站 1 号罐 11-23 22:30–22:46 进油 1200.0 L(20 ℃,已计入同期付油),前后 2 h 内无来油登记',
    ],
  },
  {
    what: 'the tank was not known, and is told before the oil comes',
    events: `
      20:00 notice 92 L=5000 expected=22:30
      20:05 notice 92 L=5000 tank=1 expected=22:30${CALM}
      22:46 level 1 L=15000
      23:00 level 1 L=15000`,
    expect: [],
    nearMiss: true,
  },
])
