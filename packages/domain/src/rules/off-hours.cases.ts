import { defineCases } from './cases.ts'
import { offHours } from './off-hours.ts'

const TWO_WEEKS = Array.from(
  { length: 15 },
  (_, i) => `${i - 15}d 10:00 sale 3 L=30 T=${1000 + i * 30}`,
).join('\n')

export default defineCases(offHours, [
  {
    what: 'a station that sells by day sells at three in the morning',
    events: `${TWO_WEEKS}
      03:10 sale 3 L=45 T=1495 from=03:08`,
    expect: ['03:10 △ site 永和加油站 3 号枪 11-23 03:08 售油 45.0 L,此前 14 天该时段从未售油'],
    expectEn: ['永和加油站: nozzle 3 sold 45.0 L at 11-23 03:08, an hour without any sale for 14 days'],
  },
  {
    what: 'hours are filed: 06:00–22:00',
    events: '22:40 sale 3 L=45 T=1495 from=22:38',
    settings: { opensHour: 6, closesHour: 22 },
    expect: ['22:40 △ site 永和加油站 3 号枪 11-23 22:38 售油 45.0 L,不在备案营业时间内'],
  },
  {
    what: 'the last customer leaves a quarter past closing',
    events: '22:18 sale 3 L=45 T=1495 from=22:14',
    settings: { opensHour: 6, closesHour: 22 },
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a station of which only three days are known sells by night',
    events: `
      -2d 10:00 sale 3 L=30 T=1000
      03:10 sale 3 L=45 T=1045`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a tanker unloads at one in the morning',
    events: '01:30 delivery 1 L=8000>18000 from=01:05',
    expect: ['01:30 ▲ tank/1 永和加油站 1 号罐 11-23 01:05–01:30 夜间卸油 10000.0 L'],
  },
  {
    what: 'a tanker unloads just before ten in the evening',
    events: '22:20 delivery 1 L=8000>18000 from=21:55',
    expect: [],
    nearMiss: true,
  },
])
