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
      15:00 receipt 3 L=10 Y=78.90 P=7.89`,
    expect: [
      '14:09 ▲ nozzle/3 永和加油站 3 号枪 11-23 14:00–14:09 连续 3 笔按 8.00 元/L 收费,基础设置单价为 7.89 元/L',
      '15:00 ○ nozzle/3',
    ],
    expectEn: [
      '永和加油站, nozzle 3: 11-23 14:00–14:09 3 sales in a row at 8.00 yuan/L, base setting 7.89 yuan/L',
    ],
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
