import { defineCases } from './cases.ts'
import { oddMix } from './odd-mix.ts'

const cans = (count: number, litres: number): string =>
  Array.from(
    { length: count },
    (_, i) => `14:${String(i * 2).padStart(2, '0')} sale 3 L=${litres} T=${1000 + i * litres}`,
  ).join('\n')

export default defineCases(oddMix, [
  {
    what: 'fifteen sales of four litres in half an hour',
    events: cans(15, 4),
    expect: ['14:28 △ nozzle/3 永和加油站 3 号枪 当日已有 15 笔不足 5.0 L 的加油,合计 60.0 L'],
    expectEn: ['永和加油站, nozzle 3: 15 sales below 5.0 L today, 60.0 L in all'],
  },
  { what: 'fourteen motorcycles on a market day', events: cans(14, 4), expect: [], nearMiss: true },
  { what: 'twenty cars that take six litres', events: cans(20, 6), expect: [], nearMiss: true },
])
