import { defineCases } from './cases.ts'
import { gapNotFilled } from './gap-not-filled.ts'

export default defineCases(gapNotFilled, [
  {
    what: 'a gap stays open for a day; it ends when the last of it is filled',
    events: `
      14:00 gap-opened 5-9
      20:00 gap-filled 5-6
      1d 15:00 gap-filled 7-9`,
    expect: [
      '11-24 14:00 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 有 1 处缺口共 3 条记录,最早一处序号 7–9 已 24 h 未补传',
      '11-24 15:00 ○ channel/520327-S001-A.volume',
    ],
    expectEn: [
      '永和加油站, volume channel of 520327-S001-A: 3 records missing in 1 gaps; the oldest, 7–9, has not been back-filled for 24 h',
    ],
  },
  {
    what: 'a second gap comes due later and folds',
    events: `
      14:00 gap-opened 5-9
      16:00 gap-opened 20-20`,
    until: '1d 17:00',
    expect: [
      '11-24 14:00 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 有 1 处缺口共 5 条记录,最早一处序号 5–9 已 24 h 未补传',
      '11-24 16:00 ▲ channel/520327-S001-A.volume 永和加油站 520327-S001-A 油量通道 有 2 处缺口共 6 条记录,最早一处序号 5–9 已 26 h 未补传',
    ],
  },
  {
    what: 'a day without network, filled in the 24th hour; passing it over does not fill it',
    events: `
      14:00 gap-opened 5-900
      18:00 gap-passed 5-900
      1d 13:59 gap-filled 5-900`,
    until: '2d 14:00',
    expect: [],
    nearMiss: true,
  },
])
