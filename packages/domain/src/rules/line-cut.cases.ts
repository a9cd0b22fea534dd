import { defineCases } from './cases.ts'
import { lineCut } from './line-cut.ts'

export default defineCases(lineCut, [
  {
    what: 'a line is cut and mended; the daily statement folds',
    events: `
      03:00 line 3 normal ohms=1005
      14:02 line 3 cut ohms=900000
      1d 03:00 line 3 cut ohms=900000
      1d 09:00 line 3 normal ohms=1004`,
    expect: [
      '14:02 ▲ nozzle/3 永和加油站 3 号枪 脉冲信号线自 11-23 14:02 起断开(回路 900000 Ω)',
      '11-24 03:00 ▲ nozzle/3 永和加油站 3 号枪 脉冲信号线自 11-23 14:02 起断开(回路 900000 Ω)',
      '11-24 09:00 ○ nozzle/3',
    ],
  },
  {
    what: 'a line is shorted',
    events: '14:02 line 4 shorted ohms=4',
    expect: ['14:02 ▲ nozzle/4 永和加油站 4 号枪 脉冲信号线自 11-23 14:02 起短接(回路 4 Ω)'],
    expectEn: ['永和加油站, nozzle 4: pulse line shorted since 11-23 14:02 (loop 4 Ω)'],
  },
  {
    what: 'a sound line on a hot day: its resistance moves a little',
    events: `
      03:00 line 3 normal ohms=1005
      15:00 line 3 normal ohms=1049`,
    expect: [],
    nearMiss: true,
  },
])
