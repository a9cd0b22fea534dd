import { defineCases } from './cases.ts'
import { priceMismatch } from './price-mismatch.ts'

export default defineCases(priceMismatch, [
  {
    what: 'the main board charges more than the base setting says, three sales in a row, then stops',
    events: `
      00:10 price 3 P=7.89
      14:00 receipt 3 L=30 Y=240.00 P=8.00
      14:05 receipt 3 L=20 Y=160.00 P=8.00
      14:09 receipt 3 L=10 Y=80.00 P=8.00
      15:00 receipt 3 L=10 Y=78.90 P=7.89
      15:10 receipt 3 L=10 Y=78.90 P=7.89
      15:20 receipt 3 L=10 Y=78.90 P=7.89`,
    expect: [
      '14:09 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:00–14:09 连续 3 笔按 8.00 元/L 收费,基础设置单价为 7.89 元/L',
      '15:20 ○ nozzle/3',
    ],
    expectEn: [
      '永和加油站, nozzle 3: 11-23 14:00–14:09 3 sales in a row at 8.00 yuan/L, base setting 7.89 yuan/L',
    ],
  },
  {
    what: 'every third customer pays more: those between do not make it right',
    events: `
      00:10 price 3 P=7.89
      14:00 receipt 3 L=30 Y=240.00 P=8.00
      14:05 receipt 3 L=20 Y=157.80 P=7.89
      14:09 receipt 3 L=10 Y=78.90 P=7.89
      14:15 receipt 3 L=10 Y=80.00 P=8.00
      14:20 receipt 3 L=20 Y=157.80 P=7.89
      14:25 receipt 3 L=10 Y=78.90 P=7.89
      14:30 receipt 3 L=10 Y=80.00 P=8.00`,
    expect: [
      '14:30 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:00–14:30 7 笔加油中 3 笔按 8.00 元/L 收费,基础设置单价为 7.89 元/L',
    ],
    expectEn: [
      '永和加油站, nozzle 3: 11-23 14:00–14:30 3 of 7 sales at 8.00 yuan/L, base setting 7.89 yuan/L',
    ],
  },
  {
    what: 'a nozzle that hardly sells: two sales, and the base setting stands for an hour',
    events: `
      00:10 price 3 P=7.89
      14:00 receipt 3 L=30 Y=240.00 P=8.00
      14:20 receipt 3 L=20 Y=160.00 P=8.00
      15:30 receipt 1 L=20 Y=160.00 P=8.00`,
    expect: [
      '15:00 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:00–14:20 连续 2 笔按 8.00 元/L 收费,基础设置单价为 7.89 元/L',
    ],
  },
  {
    what: 'a nozzle that hardly sells at all: the second sale comes hours after the first, and is told when a price must have been read',
    events: `
      00:10 price 3 P=7.89
      10:00 receipt 3 L=30 Y=240.00 P=8.00
      13:00 receipt 3 L=20 Y=160.00 P=8.00
      13:30 receipt 1 L=20 Y=160.00 P=8.00`,
    expect: [
      '13:05 ▲ nozzle/3 永和加油站 3 号枪 11-23 10:00–13:00 连续 2 笔按 8.00 元/L 收费,基础设置单价为 7.89 元/L',
    ],
  },
  {
    what: 'a price of the weekend: the last fuelling at the old one ends after the change, the first after the weekend before it is read',
    events: `
      00:10 price 3 P=7.89
      09:00 price 3 P=7.49
      09:02 receipt 3 L=30 Y=236.70 P=7.89
      12:00 receipt 3 L=30 Y=224.70 P=7.49
      2d 09:00:03 receipt 3 L=30 Y=236.70 P=7.89
      2d 09:00:12 price 3 P=7.89
      2d 09:30 receipt 3 L=30 Y=236.70 P=7.89`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the collector reads the new price an hour after the board’s first customer at it',
    events: `
      00:10 price 3 P=7.89
      14:00 receipt 3 L=30 Y=240.00 P=8.00
      14:20 receipt 3 L=20 Y=160.00 P=8.00
      14:59 price 3 P=8.00
      15:30 receipt 3 L=20 Y=160.00 P=8.00`,
    until: '18:00',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the fuelling under way when the price changed, and a second one long after: each is the only one of its price',
    events: `
      00:10 price 3 P=7.89
      14:00 price 3 P=7.99
      14:03 receipt 3 L=30 Y=236.70 P=7.89
      14:20 receipt 3 L=20 Y=159.80 P=7.99
      19:00 price 3 P=7.89
      19:02 receipt 3 L=20 Y=159.80 P=7.99`,
    until: '23:00',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the price was changed in a stretch of the channel that never came: unknown until it is stated again',
    events: `
      00:10 price 3 P=7.89
      14:00 receipt 3 L=30 Y=236.70 P=7.89
      15:00 gap-passed 40-90 channel=price
      15:01 receipt 3 L=30 Y=240.00 P=8.00
      15:05 receipt 3 L=20 Y=160.00 P=8.00
      15:09 receipt 3 L=10 Y=80.00 P=8.00`,
    until: '18:00',
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the price is right and the amount is not',
    events: `
      00:10 price 3 P=7.89
      14:00 receipt 3 L=30 Y=241.70 P=7.89`,
    expect: [
      '14:00 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:00–14:00 主板收 241.70 元,而 30.0 L × 7.89 元/L 相差 5.00 元',
    ],
  },
  {
    what: 'a preset amount: 200 yuan buy 25.35 L, which times the price is 200.01',
    events: `
      00:10 price 3 P=7.89
      14:00 receipt 3 L=25.35 Y=200.00 P=7.89
      14:05 receipt 3 L=12.67 Y=100.00 P=7.89`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a price rise at midnight: the board has it a moment before the price channel believes it; a rush before it',
    events: `
      23:40 price 3 P=7.89
      23:55 receipt 3 L=50 Y=394.50 P=7.89
      23:58 receipt 3 L=50 Y=394.50 P=7.89
      1d 00:00:05 receipt 3 L=10 Y=79.90 P=7.99
      1d 00:00:09 receipt 3 L=10 Y=79.90 P=7.99
      1d 00:00:12 price 3 P=7.99
      1d 00:09 receipt 3 L=10 Y=79.90 P=7.99`,
    expect: [],
    nearMiss: true,
  },
])
