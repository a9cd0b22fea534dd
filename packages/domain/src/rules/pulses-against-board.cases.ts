import { defineCases } from './cases.ts'
import { pulsesAgainstBoard } from './pulses-against-board.ts'

export default defineCases(pulsesAgainstBoard, [
  {
    what: 'back-office software takes 2 % off the board’s totals; after a hot key they agree again',
    settings: { leastMillilitres: 100_000, windowMillilitres: 150_000 },
    events: `
      09:00 sale 1 L=30 T=1000
      09:00:03 receipt 1 L=30 Y=236.70 P=7.89 T=51000 TY=400000
      09:10 sale 1 L=50 T=1050
      09:10:03 receipt 1 L=49 Y=386.61 P=7.89 T=51049 TY=400386
      09:20 sale 1 L=50 T=1100
      09:20:02 receipt 1 L=49 Y=386.61 P=7.89 T=51098 TY=400772
      10:00 sale 1 L=60 T=1160
      10:00:02 receipt 1 L=60 Y=473.40 P=7.89 T=51158 TY=401245
      10:10 sale 1 L=60 T=1220
      10:10:02 receipt 1 L=60 Y=473.40 P=7.89 T=51218 TY=401718
      10:20 sale 1 L=10 T=1230
      10:20:02 receipt 1 L=10 Y=78.90 P=7.89 T=51228 TY=401797`,
    expect: [
      '10:00:02 ▲ nozzle/1 永和加油站 1 号枪 11-23 09:00–09:20 脉冲计量 100.0 L,主板累计 98.0 L,主板偏差 -2.00 %',
      '10:10:02 ▲ nozzle/1 永和加油站 1 号枪 11-23 09:00–10:00 脉冲计量 160.0 L,主板累计 158.0 L,主板偏差 -1.25 %',
      '10:20:02 ○ nozzle/1',
    ],
  },
  {
    what: 'a pulse injector adds to what customers pay: between warning and alert',
    settings: { leastMillilitres: 100_000 },
    events: `
      09:00 sale 1 L=30 T=1000
      09:00:03 receipt 1 L=30 Y=236.70 P=7.89 T=51000 TY=400000
      11:10 sale 1 L=200 T=1200
      11:10:03 receipt 1 L=200.8 Y=1584.31 P=7.89 T=51200.8 TY=401584
      11:30 sale 1 L=10 T=1210
      11:30:03 receipt 1 L=10 Y=78.90 P=7.89 T=51210.8 TY=401663`,
    expect: [
      '11:30:03 △ nozzle/1 永和加油站 1 号枪 11-23 09:00–11:10 脉冲计量 200.0 L,主板累计 200.8 L,主板偏差 +0.40 %',
    ],
    expectEn: ['永和加油站, nozzle 1: 11-23 09:00–11:10 pulses 200.0 L, board 200.8 L: board off by +0.40 %'],
  },
  {
    what: 'the price channel was down for a while: receipts are missing, the totals are not',
    settings: { leastMillilitres: 100_000 },
    events: `
      09:00 sale 1 L=30 T=1000
      09:00:03 receipt 1 L=30 Y=236.70 P=7.89 T=51000 TY=400000
      09:30 sale 1 L=80 T=1080
      10:00 sale 1 L=70 T=1150
      10:30 sale 1 L=30 T=1180
      10:30:03 receipt 1 L=30 Y=236.70 P=7.89 T=51180 TY=401420
      10:50 sale 1 L=10 T=1190
      10:50:03 receipt 1 L=10 Y=78.90 P=7.89 T=51190 TY=401499`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the receipt of one of two hurried customers was lost: the other one’s is not taken for it',
    settings: { leastMillilitres: 100_000 },
    events: `
      09:00 sale 1 L=30 T=1000
      09:00:03 receipt 1 L=30 Y=236.70 P=7.89 T=51000 TY=400000
      11:00 sale 1 L=200 T=1200
      11:01 sale 1 L=40 T=1240
      11:01:03 receipt 1 L=40 Y=315.60 P=7.89 T=51240 TY=401893
      11:30 sale 1 L=30 T=1270
      11:30:03 receipt 1 L=30 Y=236.70 P=7.89 T=51270 TY=402130
      11:50 sale 1 L=10 T=1280
      11:50:03 receipt 1 L=10 Y=78.90 P=7.89 T=51280 TY=402209`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'vendors round: 0.29 % over a hundred litres, and 2 % over too little',
    settings: { leastMillilitres: 100_000 },
    events: `
      09:00 sale 1 L=30 T=1000
      09:00:03 receipt 1 L=30 Y=236.70 P=7.89 T=51000 TY=400000
      09:30 sale 1 L=50 T=1050
      09:30:03 receipt 1 L=51 Y=402.39 P=7.89 T=51051 TY=400402
      10:30 sale 1 L=295 T=1345
      10:30:03 receipt 1 L=295 Y=2327.55 P=7.89 T=51346 TY=402730
      10:50 sale 1 L=10 T=1355
      10:50:03 receipt 1 L=10 Y=78.90 P=7.89 T=51356 TY=402809`,
    expect: [],
    nearMiss: true,
  },
])
