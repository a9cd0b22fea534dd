import { defineCases } from './cases.ts'
import { darkCollector } from './dark-collector.ts'

export default defineCases(darkCollector, [
  {
    what: 'unplugged over noon: the totalizers moved on without sales',
    events: `
      -7d 12:10 sale 3 L=100 T=1000
      -7d 12:40 sale 3 L=60 T=1060
      -7d 13:30 sale 3 L=150 T=1210
      -7d 14:10 sale 3 L=10 T=1220
      12:00 total 3 T=1220
      14:00 total 3 T=1632.6
      14:01 level 1 L=8000
      14:02 health heartbeat`,
    until: '14:30',
    settings: { darkMinutes: 60 },
    expect: [
      '14:05 ▲ site 永和加油站 11-23 12:00–14:00 采集器无记录,期间总累隐含销量 412.6 L(同时段通常 310.0 L)',
    ],
    expectEn: [
      '永和加油站: no records 11-23 12:00–14:00; totalizers imply 412.6 L sold meanwhile (usual for these hours 310.0 L)',
    ],
  },
  {
    what: 'a power cut in a storm: nothing recorded, nothing flowed',
    events: `
      14:00 total 3 T=2000
      14:00 health mains-lost
      16:00 health mains-restored
      16:00 total 3 T=2000`,
    until: '16:30',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the network was down for a day: the collector went on recording',
    events: `
      14:00 total 3 T=2000 logged=2d_14:00
      14:10 level 1 L=8000 logged=2d_14:00
      14:20 sale 3 L=50 T=2050 logged=2d_14:00
      14:35 sale 3 L=50 T=2100 logged=2d_14:00
      14:50 total 3 T=2100 logged=2d_14:00`,
    until: '2d 15:00',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a gap in the chain was passed over: it was recorded, and comes later',
    events: `
      12:00 total 3 T=1220
      14:00 gap-passed 40-90
      14:00:01 total 3 T=1632.6
      14:01 level 1 L=8000`,
    until: '14:30',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'eighteen litres at a restart: a fill that was under way',
    events: `
      14:00 total 3 T=2000
      14:30 total 3 T=2018`,
    until: '15:00',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the third night without records, though nothing was sold',
    events: `
      -3d 23:00 total 3 T=2000
      -2d 01:00 total 3 T=2000
      -2d 23:00 total 3 T=2000
      -1d 01:00 total 3 T=2000
      -1d 23:00 total 3 T=2000
      01:00 total 3 T=2000`,
    until: '01:30',
    settings: { darkMinutes: 60 },
    expect: [
      '01:05 ▲ site 永和加油站 11-22 23:00–11-23 01:00 采集器无记录,期间总累隐含销量 0.0 L(同时段通常 0.0 L),近日夜间断采 3 次',
    ],
  },
])
