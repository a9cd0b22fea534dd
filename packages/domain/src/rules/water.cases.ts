import { defineCases } from './cases.ts'
import { water } from './water.ts'

export default defineCases(water, [
  {
    what: 'water rises over the limit, hovers, and is drained',
    events: `
      10:00 level 1 L=8000 water=18
      10:15 level 1 L=8000 water=52.3
      10:30 level 1 L=8000 water=45
      10:45 level 1 L=8000 water=51
      12:00 level 1 L=8000 water=12`,
    expect: ['10:15 ▲ tank/1 永和加油站 1 号罐 11-23 10:15 罐底水高 52.3 mm,达到 50.0 mm', '12:00 ○ tank/1'],
    expectEn: ['永和加油站, tank 1: 11-23 10:15 52.3 mm of water, limit 50.0 mm'],
  },
  {
    what: 'some water, as in most tanks',
    events: `
      10:00 level 1 L=8000 water=18
      10:15 level 1 L=8000 water=49.9`,
    expect: [],
    nearMiss: true,
  },
])
