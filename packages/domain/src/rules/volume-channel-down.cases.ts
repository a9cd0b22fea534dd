import { defineCases } from './cases.ts'
import { volumeChannelDown } from './volume-channel-down.ts'

export default defineCases(volumeChannelDown, [
  {
    what: 'the volume channel falls silent while the price channel speaks; over when it is heard',
    events: `
      14:00 heard channel=volume
      14:00 heard channel=price
      14:05 heard channel=price
      14:09 heard channel=price
      14:12 heard channel=price
      14:30 heard channel=volume`,
    expect: [
      '14:10 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 自 11-23 14:00 起无数据,已 10 min,而单价通道正常',
      '14:30 ○ channel/520327-S001-A.volume',
    ],
    expectEn: [
      '永和加油站, volume channel of 520327-S001-A: nothing since 11-23 14:00, for 10 min, while the price channel speaks',
    ],
  },
  {
    what: 'both are silent at first, then the price channel comes back alone',
    events: `
      14:00 heard channel=volume
      14:00 heard channel=price
      15:00 heard channel=price`,
    until: '15:02',
    expect: [
      '15:01 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 自 11-23 14:00 起无数据,已 1 h 1 min,而单价通道正常',
    ],
  },
  {
    what: 'the network is down for a day: both are silent, neither alone',
    events: `
      14:00 heard channel=volume
      14:00 heard channel=price
      1d 14:00 heard channel=volume
      1d 14:00 heard channel=price`,
    until: '1d 14:05',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the volume channel restarts within nine minutes',
    events: `
      14:00 heard channel=volume
      14:00 heard channel=price
      14:08 heard channel=price
      14:09 heard channel=volume`,
    until: '14:15',
    expect: [],
    nearMiss: true,
  },
])
