import { defineCases } from './cases.ts'
import { lineRewired } from './line-rewired.ts'

export default defineCases(lineRewired, [
  {
    what: 'the collector says so; it ends when the line is as before',
    events: `
      03:00 line 3 normal ohms=1000
      14:02 line 3 rewired ohms=1310 phase=b-leads
      16:00 line 3 normal ohms=1002`,
    expect: [
      '14:02 ▲ nozzle/3 永和加油站 3 号枪 脉冲信号线自 11-23 14:02 起疑被改接:回路 1310 Ω(基准 1000 Ω),两相先后颠倒',
      '16:00 ○ nozzle/3',
    ],
    expectEn: [
      '永和加油站, nozzle 3: pulse line seems rewired since 11-23 14:02: loop 1310 Ω (was 1000 Ω), phases turned round',
    ],
  },
  {
    what: 'a collector set up anew calls the new resistance normal: the platform remembers the old one',
    events: `
      03:00 line 3 normal ohms=1000
      1d 03:00 line 3 normal ohms=1310`,
    expect: [
      '11-24 03:00 ▲ nozzle/3 永和加油站 3 号枪 脉冲信号线自 11-24 03:00 起疑被改接:回路 1310 Ω(基准 1000 Ω)',
    ],
  },
  {
    what: 'the collector counts pulses that no refuelling makes, on a line that looks as before',
    events: `
      03:00 line 3 normal ohms=1000
      14:02 health pulses-without-sale subject=3 value=1250`,
    expect: [
      '14:02 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:02 一小时内有 1.3 L 脉冲并非加油所致,信号线疑被旁接或改接',
    ],
    expectEn: [
      '永和加油站, nozzle 3: within the hour before 11-23 14:02 pulses of 1.3 L came that no refuelling makes: the line seems bypassed or rewired',
    ],
  },
  {
    what: 'other self-checks concern no line',
    events: `
      03:00 line 3 normal ohms=1000
      14:02 health driver-silent subject=3
      14:03 health heartbeat value=4`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'resistance moves by 19 %: weather and corrosion',
    events: `
      03:00 line 3 normal ohms=1000
      1d 03:00 line 3 normal ohms=1190`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'no pulse has come yet, so no phase is known at first',
    events: `
      03:00 line 3 normal ohms=1000 phase=unknown
      1d 03:00 line 3 normal ohms=1000 phase=b-leads
      2d 03:00 line 3 normal ohms=1000 phase=b-leads`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a cut line is not a rewired one',
    events: `
      03:00 line 3 normal ohms=1000
      14:00 line 3 cut ohms=900000`,
    expect: [],
    nearMiss: true,
  },
])
