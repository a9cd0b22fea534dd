import { CASE_DAY, CASE_SITE, defineCases } from './cases.ts'
import { totalizerBack } from './totalizer-back.ts'

/** The dispenser of nozzles 1 and 2 is replaced at noon, by registration. */
const REPLACED = {
  ...CASE_SITE,
  effectiveAt: CASE_DAY + 12 * 3_600_000,
  dispensers: CASE_SITE.dispensers.map((each) =>
    each.dispenser === '1' ? { ...each, factoryNumber: '9' } : each,
  ),
}

export default defineCases(totalizerBack, [
  {
    what: 'the board’s totalizer is reset at night',
    events: `
      21:50 receipt 3 L=30 Y=236.70 P=7.89 T=100200 TY=790000
      23:10 board-total 3 grand L=12.5 Y=98.62`,
    expect: [
      '23:10 ▲ nozzle/3 永和加油站 3 号枪 税控总累 11-23 21:50 为 100200.0 L,11-23 23:10 回退到 12.5 L',
    ],
    expectEn: [
      '永和加油站, nozzle 3: tax memory totalizer was 100200.0 L at 11-23 21:50 and fell to 12.5 L at 11-23 23:10',
    ],
  },
  {
    what: 'a pulse counter is turned back by a little',
    events: `
      09:00 sale 1 L=30 T=5000
      09:30 total 1 T=4800`,
    expect: [
      '09:30 ▲ nozzle/1 永和加油站 1 号枪 脉冲总累 11-23 09:00 为 5000.0 L,11-23 09:30 回退到 4800.0 L',
    ],
  },
  {
    what: 'twelve digits roll over',
    events: `
      09:00 total 1 T=9999999970 source=board
      09:30 sale 1 L=40 T=10 source=board`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'totalizers stand still at night; pulses and board differ by nature',
    events: `
      01:00 total 1 T=4800
      01:00 board-total 1 grand L=120 Y=900
      02:00 total 1 T=4800
      02:00 board-total 1 grand L=120 Y=900`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'a facts’ gap is back-filled late: older totals come afterwards',
    events: `
      09:00 sale 1 L=30 T=5000
      09:30 sale 1 L=30 T=5100
      09:10 sale 1 L=30 T=5030 late`,
    expect: [],
    nearMiss: true,
  },
  {
    what: 'the dispenser is replaced: its registered factory number changes',
    events: `
      09:00 board-total 1 grand L=90000 Y=700000
      13:00 board-total 1 grand L=3 Y=23`,
    registrations: [REPLACED],
    expect: [],
    nearMiss: true,
  },
])
