import { HOUR_MS } from '@oiltrail/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gravestAt } from '../charts/alarmPoints.ts'
import { en } from '../text/en.ts'
import { zh } from '../text/zh.ts'
import { factLabel, factText, settingText, spanText } from './facts.ts'
import { type Alarm, gravestFirst, groupAlarms } from './grouping.ts'
import { endNames, labelSides, lanesOf, MOST_LINES, marksOf, sharedScale } from './lanes.ts'
import { alarmQueryOf, alarmQuestionOf, isFiltered } from './question.ts'
import { RING_WITHIN_MS, shouldSound } from './sounding.ts'

const words = { zh: '', en: '' }
const alarm = (number: number, changes: Partial<Alarm> = {}): Alarm => ({
  alarm: number,
  rule: 'line-cut',
  title: words,
  subject: `S001/nozzle/${number}`,
  site: 'S001',
  siteName: '站',
  grade: 'orange',
  verdict: 'alert',
  sentence: words,
  handling: 'waiting',
  active: true,
  inSight: true,
  count: 1,
  reopened: 0,
  openedAt: number,
  openedLoggedAt: number,
  lastSeenAt: number,
  ...changes,
})

describe('alarms by cause', () => {
  it('of one rule at one site stand together, the gravest first, then the newest', () => {
    const groups = groupAlarms([alarm(4), alarm(3, { grade: 'red' }), alarm(2), alarm(1, { site: 'S002' })])
    expect(groups.map((group) => [group.head.alarm, group.others.map((other) => other.alarm)])).toEqual([
      [3, [4, 2]],
      [1, []],
    ])
  })

  it('that another one explains stand under that one, whatever their rule and grade', () => {
    const explained = {
      rule: 'device-silent',
      grade: 'red',
      suppressed: { by: 'alarm', alarm: 1, rule: 'x' },
    }
    const groups = groupAlarms([
      alarm(3, { ...explained, suppressed: { by: 'alarm', alarm: 2, rule: 'y' } } as Partial<Alarm>),
      alarm(2, explained as Partial<Alarm>),
      alarm(1, { rule: 'collector-silent' }),
    ])
    expect(groups).toHaveLength(1)
    expect(groups[0]).toMatchObject({ head: { alarm: 1 }, others: [{ alarm: 3 }, { alarm: 2 }] })
  })

  it('are not put together when people have come differently far, or the cause has gone', () => {
    expect(
      groupAlarms([alarm(1), alarm(2, { handling: 'checking' }), alarm(3, { active: false })]),
    ).toHaveLength(3)
  })

  it('none is lost and none doubled, also when they explain each other in a circle', () => {
    const link = fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined })
    const list = fc.array(
      fc.record({ link, rule: fc.constantFrom('a', 'b'), site: fc.constantFrom('S1', 'S2') }),
      {
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(list, (rows) => {
        const alarms = rows.map(({ link, rule, site }, i) =>
          alarm(i + 1, {
            rule,
            site,
            ...(link === undefined ? {} : { suppressed: { by: 'alarm' as const, alarm: link, rule } }),
          }),
        )
        const numbers = groupAlarms(alarms).flatMap((group) => [group.head, ...group.others])
        expect(numbers.map((each) => each.alarm).sort((a, b) => a - b)).toEqual(
          alarms.map((each) => each.alarm),
        )
      }),
    )
  })
})

describe('the address of the list', () => {
  it('asks for what it says', () => {
    const question = alarmQuestionOf(
      new URLSearchParams('state=open&grade=red&site=S001&rule=line-cut&before=7'),
    )
    expect(alarmQueryOf(question)).toMatchObject({
      state: 'open',
      grade: 'red',
      site: 'S001',
      rule: 'line-cut',
      before: '7',
    })
    expect(isFiltered(question)).toBe(true)
  })

  it('asks for nothing it does not understand', () => {
    const junk = fc.record({ state: fc.string(), grade: fc.string(), site: fc.string(), rule: fc.string() })
    fc.assert(
      fc.property(junk, (given) => {
        const query = alarmQueryOf(alarmQuestionOf(new URLSearchParams(given)))
        expect(String(query.site ?? 'S1')).toMatch(/^[A-Z0-9]{1,16}$/)
        expect(String(query.rule ?? 'x')).toMatch(/^[a-z0-9-]{1,40}$/)
      }),
    )
    expect(isFiltered(alarmQuestionOf(new URLSearchParams('grade=pink&before=x&site=a/b')))).toBe(false)
  })
})

describe('facts', () => {
  it.each([
    ['missingMillilitres', 412_600, '缺少', '412.60 L'],
    ['silentMilliseconds', 3 * HOUR_MS + 720_000, '无数据时长', '3 小时 12 分'],
    ['priceFenPerLitre', 761, '主板单价', '7.61 ¥/L'],
    ['differenceFen', -1_250, '金额差', '¥ −12.50'],
    ['percent', -1.31, '主板偏差', '−1.31 %'],
    ['millilitresPerHour', 757, '渗漏速度', '0.757 L/h'],
    ['millilitres', 45_000, '油量', '45.00 L'],
    ['firstSeq', 1_007, '首个缺失序号', '#1,007'],
    ['tankPercent', 24.871, '主板比油罐少', '24.87 %'],
    ['loopOhms', 9_999, '回路电阻', '9,999 Ω'],
    ['lostAt', Date.UTC(2026, 10, 23, 6, 0, 0), '失电于', '2026-11-23 14:00:00'],
    ['sales', 12, '加油', '12 笔'],
    ['line', 'shorted', '信号线', '短接'],
    ['phaseTurned', 1, '两相次序', '颠倒'],
    ['label', '202611', '税控期', '2026-11'],
    ['grade', '0', '油品', '0号柴油'],
    ['message', '', '错误', '—'],
  ])('%s is said with its unit', (key, value, label, text) => {
    expect(factLabel(key, zh).replaceAll('\u2009', '')).toBe(label)
    expect(factText(key, value, 'zh', zh).replaceAll('\u2009', '')).toBe(text)
  })

  it('that nobody has translated show their name taken apart, never nothing', () => {
    expect(factLabel('somethingNew', en)).toBe('something new')
    expect(factText('somethingNew', '', 'en', en)).toBe('—')
  })

  it('spans are told in two units at most, and settings in the unit one thinks in', () => {
    expect([spanText(0, 'zh'), spanText(90_000, 'en'), spanText(50 * HOUR_MS, 'en')]).toEqual([
      '0 秒',
      '1 min 30 s',
      '2 d 2 h',
    ])
    expect([settingText(200_000, 'mL'), settingText(500, 'mL'), settingText(0.3, '%')]).toEqual([
      '200 L',
      '500 mL',
      '0.30 %',
    ])
  })
})

describe('lanes', () => {
  const lane = (kind: string, subject: string, points: [number, number][]) => ({
    kind,
    subject,
    unit: 'millilitres' as const,
    points,
  })

  it('show a missing sale as a line that stays below the totalizer on one scale', () => {
    const series = {
      from: 0,
      to: 10,
      lanes: [
        lane('sale', '3', [[2, 40_000]]),
        lane('total', '3', [
          [1, 900_000],
          [9, 1_300_000],
        ]),
        lane('height', '1', [[1, 5]]),
      ],
      marks: [],
    }
    const lanes = lanesOf(series)
    expect(lanes.map(({ kind }) => kind)).toEqual(['total', 'sale'])
    expect(lanes[0]?.lines[0]?.points).toEqual([
      [1, 0],
      [9, 400],
    ])
    expect(lanes[1]?.lines[0]?.points).toEqual([
      [0, 0],
      [2, 40],
      [10, 40],
    ])
    expect(sharedScale(lanes)).toEqual({ min: 0, max: 400 })
  })

  it('keep the lines that move most and count the others', () => {
    const many = Array.from({ length: 9 }, (_, i) =>
      lane('level', String(i + 1), [
        [0, 0],
        [1, (i + 1) * 1_000],
      ]),
    )
    const [level] = lanesOf({ from: 0, to: 1, lanes: many, marks: [] })
    expect(level).toMatchObject({ all: 9 })
    expect(level?.lines.map(({ subject }) => subject)).toEqual(['6', '7', '8', '9'])
    expect(level?.lines).toHaveLength(MOST_LINES)
  })

  it('hold a price to the end of the axis, and show a totalizer that goes back', () => {
    const [total, price] = lanesOf({
      from: 0,
      to: 8,
      marks: [],
      lanes: [
        lane('price', '1', [[3, 750]]),
        lane('total', '1', [
          [1, 5_000],
          [2, 1_000],
        ]),
      ],
    })
    expect(price?.lines[0]?.points).toEqual([
      [3, 7.5],
      [8, 7.5],
    ])
    expect(total?.lines[0]?.points.at(-1)?.[1]).toBe(-4)
  })

  const told = (kind: string, at: number, subject: string, text: string) => ({ kind, at, subject, text })
  const marked = (...marks: ReturnType<typeof told>[]) =>
    marksOf({ from: 0, to: 1_000, lanes: [{ ...lane('level', '2', [[0, 1]]) }], marks })

  it('keep what devices, lines, tankers and people did apart, in this order', () => {
    const lanes = marked(
      told('people', 1, '李', 'accept'),
      told('line', 2, '1', 'cut'),
      told('health', 3, '', 'started'),
      told('delivery', 4, '2', '9000'),
    )
    expect(lanes.map(({ kind }) => kind)).toEqual(['delivery', 'line', 'health', 'people'])
  })

  it('leave out what is no news: lines that are as they were, deliveries into other tanks', () => {
    const [line, ...others] = marked(
      told('line', 1, '1', 'normal'),
      told('line', 100, '1', 'cut'),
      told('line', 200, '1', 'cut'),
      told('line', 300, '1', 'normal'),
      told('delivery', 400, '1', '9000'),
    )
    expect(others).toEqual([])
    expect(line?.marks.map(({ at, text }) => [at, text])).toEqual([
      [100, 'cut'],
      [300, 'normal'],
    ])
  })

  it('join what happened to several parts at once, and never two deliveries or people', () => {
    const lanes = marked(
      told('line', 100, '1', 'cut'),
      told('line', 102, '2', 'cut'),
      told('line', 120, '3', 'cut'),
      told('delivery', 200, '2', '5'),
      told('delivery', 201, '2', '5'),
    )
    expect(lanes.map(({ marks }) => marks.map(({ subjects }) => subjects.join()))).toEqual([
      ['2', '2'],
      ['1,2', '3'],
    ])
  })

  it.each([
    ['alone, its words stand at the right', [10], [50], 100, ['right']],
    ['at the edge they stand at the left', [90], [50], 100, ['left']],
    [
      'between two neighbours there is no room',
      [10, 30, 95],
      [50, 50, 20],
      100,
      [undefined, undefined, 'left'],
    ],
    ['words never cover the words before them', [0, 90], [70, 40], 100, ['right', undefined]],
  ])('%s', (_what, at, lengths, width, sides) => {
    expect(labelSides(at, lengths, width)).toEqual(sides)
  })
})

describe('the sound', () => {
  const red = alarm(7, { grade: 'red', openedLoggedAt: 1_000, lastSeenAt: 1_000 })

  it('is made once for a new red alarm, and once more when its cause comes back', () => {
    const heard = new Map<number, number>()
    expect([shouldSound(heard, red, 1_000), shouldSound(heard, red, 1_500)]).toEqual([true, false])
    expect(shouldSound(heard, { ...red, reopened: 1 }, 1_600)).toBe(true)
  })

  it.each([
    ['another grade', { grade: 'orange' as const }, 1_000],
    ['one out of sight', { inSight: false }, 1_000],
    ['one that somebody has accepted', { handling: 'accepted' as const }, 1_000],
    ['one whose cause has gone', { active: false }, 1_000],
    ['history that is being filled in', {}, 1_001 + RING_WITHIN_MS],
  ])('is not made for %s', (_what, changes, now) => {
    expect(shouldSound(new Map(), { ...red, ...changes }, now)).toBe(false)
  })
})

describe('alarms on charts', () => {
  it('at one place are one mark, that of the gravest', () => {
    expect(
      gravestAt([
        { at: '3', grade: 'blue' },
        { at: '3', grade: 'red' },
        { at: '4', grade: 'yellow' },
      ]),
    ).toEqual([
      { at: '3', grade: 'red' },
      { at: '4', grade: 'yellow' },
    ])
  })
})

describe('names at the end of a lane', () => {
  const line = (subject: string, ...values: readonly number[]) => ({
    subject,
    points: values.map((value, i) => [i, value] as const),
  })
  it.each([
    ['far apart, each has its own', [line('1', 0, 10), line('2', 0, 90)], [['1'], ['2']]],
    [
      'at one place, they are named together',
      [line('1', 0, 50), line('2', 0, 100), line('3', 90, 100)],
      [['1'], ['2', '3'], []],
    ],
    ['near one another, together', [line('1', 0, 100), line('2', 0, 91)], [['1', '2'], []]],
    ['just far enough, apart', [line('1', 0, 100), line('2', 0, 89)], [['1'], ['2']]],
    [
      'all standing still, one name',
      [line('1', 0, 0), line('2', 0, 0), line('3', 0, 0)],
      [['1', '2', '3'], [], []],
    ],
    ['one that ends earlier keeps its own', [line('1', 5, 5), line('2', 5)], [['1'], ['2']]],
    ['a line of nothing names itself only', [line('1'), line('2', 5)], [['1'], ['2']]],
  ])('%s', (_, lines, names) => {
    expect(endNames({ lines })).toEqual(names)
  })
})

describe('the alarms on the wall', () => {
  it('begin with the gravest, then the newest, none twice', () => {
    const [red, old, other, third] = [9, 3, 12, 14].map((number) => alarm(number))
    expect(gravestFirst([red!, old!], [third!, other!, red!], 3).map(({ alarm }) => alarm)).toEqual([
      9, 3, 14,
    ])
    expect(gravestFirst([red!], [third!, other!, red!], 3).map(({ alarm }) => alarm)).toEqual([9, 14, 12])
    expect(gravestFirst([], [third!], 3).map(({ alarm }) => alarm)).toEqual([14])
  })
})
