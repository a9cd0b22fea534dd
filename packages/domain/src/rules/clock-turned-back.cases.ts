import { defineCases } from './cases.ts'
import { clockTurnedBack } from './clock-turned-back.ts'

export default defineCases(clockTurnedBack, [
  {
    what: 'the self-check saw the step',
    events: `
      14:00 health heartbeat
      12:00:30 health clock-stepped value=-7200000`,
    expect: [
      '12:00:30 ▲ device/520327-S001-A 永和加油站 采集器 520327-S001-A 时钟由 11-23 14:00 回拨至 11-23 12:00(2 h)',
    ],
    expectEn: [
      '永和加油站, collector 520327-S001-A: clock turned back from 11-23 14:00 to 11-23 12:00 (2 h)',
    ],
  },
  {
    what: 'while the collector was off: its chain goes on with an older time',
    events: `
      14:00 sale 3 L=30 T=1000
      13:10 sale 3 L=30 T=1030
      13:40 sale 3 L=30 T=1060`,
    expect: [
      '13:10 ▲ device/520327-S001-A 永和加油站 采集器 520327-S001-A 时钟由 11-23 14:00 回拨至 11-23 13:10(50 min)',
    ],
  },
  {
    what: 'a time service takes three seconds off; a step forward; the channels are not aligned',
    events: `
      14:00 health heartbeat
      14:00:57 health clock-stepped value=-3000
      16:00 health clock-stepped value=7200000
      15:00 receipt 3 L=30 Y=234 P=7.8 T=1030 TY=8000`,
    expect: [],
    nearMiss: true,
  },
])
