import { cabinetOpened } from './cabinet-opened.ts'
import { defineCases } from './cases.ts'

export default defineCases(cabinetOpened, [
  {
    what: 'the door is opened and closed',
    events: `
      02:14 health cabinet-opened
      02:31 health cabinet-closed`,
    expect: [
      '02:14 ▲ device/520327-S001-A 永和加油站 采集器 520327-S001-A 箱门于 11-23 02:14 被打开,铅封疑遭破坏',
      '02:31 ○ device/520327-S001-A',
    ],
    expectEn: [
      '永和加油站, collector 520327-S001-A: its cabinet was opened at 11-23 02:14, the seal is probably broken',
    ],
  },
  {
    what: 'within a window that the site declared: said with it, not hidden by it',
    events: `
      02:00 window site maintenance id=W-7 from=02:00 to=04:00
      02:14 health cabinet-opened`,
    expect: [
      '02:14 ▲ device/520327-S001-A 永和加油站 采集器 520327-S001-A 箱门于 11-23 02:14 被打开,铅封疑遭破坏(站点已申报维护 W-7)',
    ],
    expectEn: [
      '永和加油站, collector 520327-S001-A: its cabinet was opened at 11-23 02:14, the seal is probably broken (the site declared W-7)',
    ],
  },
  {
    what: 'a closed door, and a gauge that is silent',
    events: `
      02:31 health cabinet-closed
      02:40 health driver-silent subject=gauge`,
    expect: [],
    nearMiss: true,
  },
])
