import { defineCases } from './cases.ts'
import { collectorSilent } from './collector-silent.ts'

export default defineCases(collectorSilent, [
  {
    what: 'both channels fall silent; graver after four hours; over when one is heard',
    events: `
      14:00 heard
      14:00 heard channel=price
      19:00 heard channel=price`,
    expect: [
      '14:15 △ device/520327-S001-A 永和加油站 采集器 520327-S001-A 自 11-23 14:00 起两个通道均无数据,已 15 min',
      '18:00 ▲ device/520327-S001-A 永和加油站 采集器 520327-S001-A 自 11-23 14:00 起两个通道均无数据,已 4 h',
      '19:00 ○ device/520327-S001-A',
    ],
    expectEn: [
      '永和加油站, collector 520327-S001-A: nothing from either channel since 11-23 14:00, for 15 min',
      '永和加油站, collector 520327-S001-A: nothing from either channel since 11-23 14:00, for 4 h',
    ],
  },
  {
    what: 'one channel alone is silent: that is another rule',
    events: `
      14:00 heard
      14:00 heard channel=price
      14:10 heard
      14:20 heard
      14:30 heard
      14:40 heard`,
    until: '14:45',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'fourteen minutes without network',
    events: `
      14:00 heard
      14:14 heard`,
    until: '14:20',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a collector that was revoked is not missed',
    events: `
      14:00 heard
      14:05 device revoked`,
    until: '20:00',
    expect: [],
    nearMiss: true,
  },
])
