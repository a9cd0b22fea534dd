import { defineCases } from './cases.ts'
import { priceCeiling } from './price-ceiling.ts'

export default defineCases(priceCeiling, [
  {
    what: 'diesel is sold above the ceiling until the price is changed',
    settings: { diesel0: 708 },
    events: `
      00:10 price 3 P=7.20
      09:00 price 3 P=7.08`,
    expect: [
      '00:10 ▲ nozzle/3 永和加油站 3 号枪 11-23 00:10 0# 售价 7.20 元/L,高于最高零售价 7.08 元/L',
      '09:00 ○ nozzle/3',
    ],
    expectEn: [
      '永和加油站, nozzle 3: 11-23 00:10 grade 0 sold at 7.20 yuan/L, above the ceiling of 7.08 yuan/L',
    ],
  },
  {
    what: 'at the ceiling, below it, and another grade dearer',
    settings: { diesel0: 708, petrol92: 745 },
    events: `
      00:10 price 3 P=7.08
      00:10 price 1 P=7.45
      09:00 receipt 1 L=10 Y=74.40 P=7.44`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'no ceiling is posted: nothing can be said',
    events: '00:10 price 3 P=9.99',
    expect: [],
    nearMiss: true,
  },
])
