import { defineCases } from './cases.ts'
import { priceChannelDown } from './price-channel-down.ts'

export default defineCases(priceChannelDown, [
  {
    what: 'the price channel falls silent while the volume channel speaks; over when it is heard',
    events: `
      14:00 heard channel=price
      14:00 heard channel=volume
      14:05 heard channel=volume
      14:09 heard channel=volume
      14:12 heard channel=volume
      14:30 heard channel=price`,
    expect: [
      '14:10 ▲ channel/520327-S001-A.price 永和加油站 520327-S001-A 单价通道 自 11-23 14:00 起无数据,已 10 min,而油量通道正常',
      '14:30 ○ channel/520327-S001-A.price',
    ],
    expectEn: [
      '永和加油站, price channel of 520327-S001-A: nothing since 11-23 14:00, for 10 min, while the volume channel speaks',
    ],
  },
  {
    what: 'both are silent at first, then the volume channel comes back alone',
    events: `
      14:00 heard channel=price
      14:00 heard channel=volume
      15:00 heard channel=volume`,
    until: '15:02',
    expect: [
      '15:01 ▲ channel/520327-S001-A.price 永和加油站 520327-S001-A 单价通道 自 11-23 14:00 起无数据,已 1 h 1 min,而油量通道正常',
    ],
  },
  {
    what: 'the network is down for a day: both are silent, neither alone',
    events: `
      14:00 heard channel=price
      14:00 heard channel=volume
      1d 14:00 heard channel=price
      1d 14:00 heard channel=volume`,
    until: '1d 14:05',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the price channel restarts within nine minutes',
    events: `
      14:00 heard channel=price
      14:00 heard channel=volume
      14:08 heard channel=volume
      14:09 heard channel=price`,
    until: '14:15',
    expect: [],
    nearMiss: true,
  },
])
