import { defineCases } from './cases.ts'
import { deviceSilent } from './device-silent.ts'

export default defineCases(deviceSilent, [
  {
    what: 'the tax port is unplugged while the station sells on',
    events: `
      14:00 health driver-silent subject=taxport-2 channel=price
      14:12 health heartbeat channel=price
      15:00 health driver-restored subject=taxport-2 channel=price`,
    expect: [
      '14:10 ▲ channel/520327-S001-A.price 永和加油站 520327-S001-A 单价通道 所接设备 taxport-2 自 11-23 14:00 起不应答,已 10 min',
      '15:00 ○ channel/520327-S001-A.price',
    ],
    expectEn: [
      '永和加油站, price channel of 520327-S001-A: taxport-2 has not answered since 11-23 14:00, for 10 min',
    ],
  },
  {
    what: 'two boards one after the other fold; one back is not all back',
    events: `
      14:00 health board-silent subject=b1 channel=price
      14:05 health board-silent subject=b2 channel=price
      14:20 health board-restored subject=b1 channel=price
      14:30 health heartbeat channel=price`,
    expect: [
      '14:10 ▲ channel/520327-S001-A.price 永和加油站 520327-S001-A 单价通道 所接设备 b1 自 11-23 14:00 起不应答,已 10 min',
      '14:15 ▲ channel/520327-S001-A.price 永和加油站 520327-S001-A 单价通道 所接设备 b1 等 2 台 自 11-23 14:00 起不应答,已 15 min',
    ],
  },
  {
    what: 'a slow gauge drops out again and again, each time for two minutes',
    events: `
      14:00 health board-silent subject=gauge
      14:02 health board-restored subject=gauge
      14:09 health board-silent subject=gauge
      14:11 health board-restored subject=gauge`,
    until: '15:00',
    expect: [],
    nearMiss: true,
  },
])
