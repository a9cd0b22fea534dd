import { defineCases } from './cases.ts'
import { mainsLost } from './mains-lost.ts'

export default defineCases(mainsLost, [
  {
    what: 'mains go in a storm and come back',
    events: `
      14:00 health mains-lost
      14:00:01 health last-gasp value=3
      15:10 health mains-restored`,
    expect: [
      '14:00 ▲ device/520327-S001-A 永和加油站 采集器 520327-S001-A 于 11-23 14:00 失去市电',
      '15:10 ○ device/520327-S001-A',
    ],
    expectEn: ['永和加油站, collector 520327-S001-A lost its mains at 11-23 14:00'],
  },
  {
    what: 'told after the power was back: what happened still counts, and is over',
    events: `
      14:00 health mains-lost logged=16:00
      15:10 health mains-restored logged=16:00`,
    expect: [
      '14:00 ▲ device/520327-S001-A 永和加油站 采集器 520327-S001-A 于 11-23 14:00 失去市电',
      '15:10 ○ device/520327-S001-A',
    ],
  },
  {
    what: 'a restart of a channel and a lost network are no power cut',
    events: `
      14:00 health restarted
      14:01 health network-lost
      14:02 health mains-restored`,
    expect: [],
    nearMiss: true,
  },
])
