import { defineCases } from './cases.ts'
import { overfill } from './overfill.ts'

export default defineCases(overfill, [
  {
    what: 'a tank of 30,000 L is filled to 97 %, then sold down',
    events: `
      10:00 level 1 L=27000 status=1
      10:05 level 1 L=29100 status=1
      10:10 level 1 L=29200
      12:00 level 1 L=28400
      15:00 level 1 L=28000`,
    expect: [
      '10:05 ▲ tank/1 永和加油站 1 号罐 11-23 10:05 存油 29100.0 L(罐容 97.0 %),超过安全容量 28500.0 L',
      '15:00 ○ tank/1',
    ],
    expectEn: [
      '永和加油站, tank 1: 11-23 10:05 holds 29100.0 L (97.0 % of its capacity), safe fill 28500.0 L',
    ],
  },
  {
    what: 'filled to the brim of what is allowed, the gauge a little high',
    events: '10:05 level 1 L=28700 status=1',
    expect: [],
    nearMiss: true,
  },
])
