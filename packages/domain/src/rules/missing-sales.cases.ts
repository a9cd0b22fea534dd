import { defineCases } from './cases.ts'
import { missingSales } from './missing-sales.ts'

export default defineCases(missingSales, [
  {
    what: 'a sale was never stated: the next one shows it',
    events: `
      14:02 sale 3 L=30 T=1030
      14:31 sale 3 L=20 T=1090.5`,
    expect: [
      '14:31 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:02–14:31 总累增加 90.5 L,上报销售 50.0 L(2 笔),缺 40.5 L',
    ],
    expectEn: [
      '永和加油站, nozzle 3: 11-23 14:02–14:31 totalizer grew by 90.5 L, sales stated 50.0 L (2), 40.5 L missing',
    ],
  },
  {
    what: 'sold while dark: after an outage the totalizer has grown and nobody states a sale',
    events: `
      14:02 total 3 T=1000
      14:31 total 3 T=1412.6`,
    until: '15:00',
    expect: [
      '14:51 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:02–14:31 总累增加 412.6 L,上报销售 0.0 L(0 笔),缺 412.6 L',
    ],
  },
  {
    what: 'small sales are kept back again and again: together they are too many',
    events: `
      08:00 sale 3 L=30 T=30
      09:00 sale 3 L=30 T=65
      10:00 sale 3 L=30 T=101
      11:00 sale 3 L=30 T=131`,
    expect: [
      '10:00 ▲ nozzle/3 永和加油站 3 号枪 11-23 08:00–10:00 总累增加 101.0 L,上报销售 90.0 L(3 笔),缺 11.0 L',
    ],
  },
  {
    what: 'the tax memory knows of more than the board shows as sales',
    events: `
      09:00 receipt 1 L=30 Y=236.70 P=7.89 T=100 TY=789
      09:30 receipt 1 L=30 Y=236.70 P=7.89 T=160 TY=1262`,
    expect: [
      '09:30 ▲ nozzle/1 永和加油站 1 号枪 11-23 09:00–09:30 税控总累增加 90.0 L,上报销售 60.0 L(2 笔),缺 30.0 L',
    ],
  },
  {
    what: 'a stretch of the volume channel was passed over: its sales come later, and are not missing',
    events: `
      08:00 sale 3 L=30 T=1000
      13:00 gap-passed 40-90
      13:00:01 sale 3 L=40 T=1460
      13:10 sale 3 L=40 T=1500
      13:20 sale 3 L=90 T=1090 late`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the tax totalizer goes on being compared when it is the volume channel that has a gap',
    events: `
      08:00 receipt 3 L=30 Y=236.70 P=7.89 T=1000 TY=9
      08:30 gap-passed 40-90
      09:00 receipt 3 L=30 Y=236.70 P=7.89 T=1090 TY=9`,
    expect: [
      '09:00 ▲ nozzle/3 永和加油站 3 号枪 11-23 08:00–09:00 税控总累增加 120.0 L,上报销售 60.0 L(2 笔),缺 60.0 L',
    ],
  },
  {
    what: 'a totalizer read in the middle of a fuelling runs ahead of its sale',
    events: `
      14:02 sale 3 L=30 T=1030
      14:10 total 3 T=1065
      14:12 sale 3 L=50 T=1080 from=14:08`,
    until: '15:00',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a long fuelling of a lorry, with the totalizer read twice on the way',
    events: `
      14:02 sale 3 L=30 T=1030
      14:10 total 3 T=1230
      14:20 sale 3 L=320 T=1350 from=14:05`,
    until: '15:00',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the board books a sale and never shows it; the volume channel is hours behind and keeps no time from passing',
    events: `
      09:00 receipt 1 L=30 Y=236.70 P=7.89 T=100 TY=789
      08:30 sale 1 L=10 T=10 logged=09:01
      09:30 board-total 1 grand L=140 Y=1105
      09:40 heard
      09:49 heard
      09:58 heard
      10:07 heard
      10:16 heard
      10:25 heard
      10:34 heard
      10:40 receipt 1 L=20 Y=157.80 P=7.89 T=160 TY=1263
      09:10 sale 1 L=30 T=40 logged=10:41
      09:35 sale 1 L=40 T=80 logged=10:41`,
    expect: [
      '10:40 ▲ nozzle/1 永和加油站 1 号枪 11-23 09:00–09:30 税控总累增加 70.0 L,上报销售 30.0 L(1 笔),缺 40.0 L',
    ],
  },
  {
    what: 'a total ahead of its sale at two witnesses at once; both sales come, one late',
    events: `
      14:02 sale 3 L=30 T=1030
      14:03 receipt 3 L=30 Y=236.70 P=7.89 T=1030 TY=9
      14:10 total 3 T=1065
      14:11 board-total 3 grand L=1080 Y=9
      14:12 sale 3 L=50 T=1080 from=14:08
      14:13 receipt 3 L=50 Y=394.50 P=7.89 T=1080 TY=9`,
    until: '15:00',
    expect: [],
    nearMiss: true,
  },
])
