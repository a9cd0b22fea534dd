import { defineCases } from './cases.ts'
import { spoolNearlyFull } from './spool-nearly-full.ts'

export default defineCases(spoolNearlyFull, [
  {
    what: 'a spool fills during an outage and is emptied',
    events: `
      14:00 health spool-nearly-full value=82
      18:00 health spool-relieved value=0`,
    expect: [
      '14:00 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 本地存储于 11-23 14:00 已用 82 %',
      '18:00 ○ channel/520327-S001-A.volume',
    ],
    expectEn: ['永和加油站, volume channel of 520327-S001-A: its spool was 82 % full at 11-23 14:00'],
  },
  {
    what: 'a torn tail was repaired after a power cut: that is what it is made for',
    events: '14:00 health spool-repaired value=1',
    expect: [],
    nearMiss: true,
  },
])
