import { defineCases } from './cases.ts'
import { overDeclared } from './over-declared.ts'

/** A window of an hour and a half on every n-th day, declared in the morning. */
function every(days: number, count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const day = i * days
    const at = (time: string): string => (day === 0 ? time : `${day}d ${time}`)
    const [from, to] = [at('11:30'), at('13:00')].map((text) => text.replace(' ', '_'))
    return `${at('08:00')} window tank/${1 + (i % 2)} maintenance id=W${i} from=${from} to=${to}`
  }).join('\n')
}

export default defineCases(overDeclared, [
  {
    what: 'a window every noon: told on the ninth day, and again with each',
    events: every(1, 10),
    expect: [
      '12-01 08:00 △ site 永和加油站 11-23 11:30–12-01 13:00 申报窗口 9 个,共 9 日 13.5 h(30 日内一般不超过 8 日、96 h),其间告警不在眼前',
      '12-02 08:00 △ site 永和加油站 11-23 11:30–12-02 13:00 申报窗口 10 个,共 10 日 15 h(30 日内一般不超过 8 日、96 h),其间告警不在眼前',
    ],
    expectEn: [
      '永和加油站: 11-23 11:30–12-01 13:00 9 declared windows, 9 days and 13.5 h in all (usually at most 8 days and 96 h in 30 days): alarms are out of sight meanwhile',
      '永和加油站: 11-23 11:30–12-02 13:00 10 declared windows, 10 days and 15 h in all (usually at most 8 days and 96 h in 30 days): alarms are out of sight meanwhile',
    ],
  },
  {
    what: 'one window of a fortnight for the whole site, told before it begins',
    events: '08:00 window site maintenance from=1d_00:00 to=15d_00:00',
    expect: [
      '08:00 △ site 永和加油站 11-24 00:00–12-08 00:00 申报窗口 1 个,共 14 日 336 h(30 日内一般不超过 8 日、96 h),其间告警不在眼前',
    ],
  },
  {
    what: 'a later window makes a month of earlier ones too long, though it is the first of them to be declared',
    events: `
      08:00 window tank/2 maintenance id=B from=20d_00:00 to=22d_12:00
      09:00 window tank/1 maintenance id=A from=18d_00:00 to=19d_18:00`,
    expect: [
      '09:00 △ site 永和加油站 12-11 00:00–12-15 12:00 申报窗口 2 个,共 5 日 102 h(30 日内一般不超过 8 日、96 h),其间告警不在眼前',
    ],
  },
  {
    what: 'a window every fourth day for two months: eight days in any thirty',
    events: every(4, 16),
    expect: [],
    nearMiss: true,
  },
  {
    what: 'four tanks cleaned in the same three days: hours declared twice count once',
    events: `
      08:00 window tank/1 cleaning id=A from=1d_08:00 to=4d_08:00
      08:01 window tank/2 cleaning id=B from=1d_08:00 to=4d_08:00
      08:02 window nozzle/1 cleaning id=C from=2d_08:00 to=3d_08:00
      08:03 window nozzle/3 cleaning id=D from=1d_08:00 to=4d_08:00`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a fortnight was a slip of the pen, and is declared anew under the same name in a month of few others',
    events: `
      08:00 window site maintenance id=A from=1d_00:00 to=5d_00:00
      08:05 window site maintenance id=A from=1d_00:00 to=2d_00:00
      1d 08:00 window site maintenance id=B from=3d_00:00 to=6d_00:00`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a fortnight withdrawn before it began was not declared: told with it, and not with the window after it',
    events: `
      08:00 window site maintenance id=A from=1d_00:00 to=15d_00:00
      08:05 withdrawal window A
      08:10 window site maintenance id=B from=1d_00:00 to=4d_00:00`,
    expect: [
      '08:00 △ site 永和加油站 11-24 00:00–12-08 00:00 申报窗口 1 个,共 14 日 336 h(30 日内一般不超过 8 日、96 h),其间告警不在眼前',
    ],
  },
  {
    what: 'four days ended after the first by withdrawal: a day was declared, and three more are few',
    events: `
      08:00 window site maintenance id=A from=1d_00:00 to=5d_00:00
      2d 00:00 withdrawal window A
      2d 08:00 window site maintenance id=B from=3d_00:00 to=6d_00:00`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a window that ran four days before it was withdrawn counts them',
    events: `
      08:00 window site maintenance id=A from=1d_00:00 to=5d_00:00
      1d 08:00 withdrawal window other
      5d 00:01 withdrawal window A
      5d 08:00 window site maintenance id=B from=6d_00:00 to=6d_01:00`,
    expect: [
      '11-28 08:00 △ site 永和加油站 11-24 00:00–11-29 01:00 申报窗口 2 个,共 5 日 97 h(30 日内一般不超过 8 日、96 h),其间告警不在眼前',
    ],
  },
])
