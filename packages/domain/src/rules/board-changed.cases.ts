import { boardChanged } from './board-changed.ts'
import { defineCases } from './cases.ts'

export default defineCases(boardChanged, [
  {
    what: 'another board answers overnight',
    events: `
      00:15 board-info 3 factory=F1 tax=T1
      1d 00:15 board-info 3 factory=F9 tax=T1`,
    expect: [
      '11-24 00:15 ▲ nozzle/3 永和加油站 3 号枪 主板出厂编号/纳税人识别号于 11-24 00:15 由 F1 / T1 变为 F9 / T1(登记编号 2)',
    ],
    expectEn: [
      '永和加油站, nozzle 3: factory/taxpayer number of the board changed at 11-24 00:15 from F1 / T1 to F9 / T1 (registered 2)',
    ],
  },
  {
    what: 'the board says the number that is registered: a repair put right',
    events: `
      00:15 board-info 3 factory=F1 tax=T1
      1d 00:15 board-info 3 factory=F9 tax=T1
      2d 00:15 board-info 3 factory=2 tax=T1`,
    expect: [
      '11-24 00:15 ▲ nozzle/3 永和加油站 3 号枪 主板出厂编号/纳税人识别号于 11-24 00:15 由 F1 / T1 变为 F9 / T1(登记编号 2)',
      '11-25 00:15 ○ nozzle/3',
    ],
  },
  {
    what: 'the same board every day, with another clock',
    events: `
      00:15 board-info 3 factory=F1 tax=T1 clock=202611230015
      1d 00:15 board-info 3 factory=F1 tax=T1 clock=202611240016`,
    expect: [],
    nearMiss: true,
  },
])
