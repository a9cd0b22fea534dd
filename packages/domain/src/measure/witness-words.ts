import type { Words } from '../rules/settings.ts'
import type { Conclusion, PairResult } from './three-witnesses.ts'

/** What the three witnesses say, for people: what can be said today, and what needs more days. */

const NAMES: Readonly<Record<PairResult['pair'], Words>> = {
  'pulses-board': { zh: '脉冲与主板', en: 'pulses and board' },
  'pulses-tank': { zh: '脉冲与油罐', en: 'pulses and tank' },
  'board-tank': { zh: '主板与油罐', en: 'board and tank' },
}

const CONCLUSIONS: Readonly<Record<Conclusion, Words>> = {
  silent: { zh: '尚无可比较的数据。', en: 'Nothing has been told that could be compared.' },
  agree: {
    zh: '今天可以说:三证在允许误差内一致。',
    en: 'What can be said today: the witnesses agree within what is permitted.',
  },
  'books-agree': {
    zh: '今天可以说:脉冲与主板一致;与油罐是否一致还不能断定。',
    en: 'What can be said today: pulses and board agree; whether the tank does cannot be told yet.',
  },
  'board-short': {
    zh: '今天可以说:脉冲与油罐站在一边,主板和税控少记——账目被改写的典型情形。',
    en: 'What can be said today: pulses and tank stand against the board, which counts less; so it looks when books are rewritten.',
  },
  'pulses-over': {
    zh: '今天可以说:脉冲比主板多,油罐站在主板一边——查脉冲线路与采集器接线。',
    en: 'What can be said today: pulses are more than the board says, and the tank sides with the board; look at pulse lines and wiring.',
  },
  'board-over': {
    zh: '今天可以说:主板比脉冲多——有脉冲丢失,查线路。',
    en: 'What can be said today: the board says more than the pulses; pulses were lost, look at the lines.',
  },
  'tank-more': {
    zh: '今天可以说:出罐油量多于脉冲与主板之和——查漏、查盗、查未过表出油。',
    en: 'What can be said today: more left the tanks than meters and board state; look for a leak, theft, or oil that bypasses the meters.',
  },
  'tank-less': {
    zh: '今天可以说:出罐油量少于所售——查加油机计量偏大、未登记卸油。',
    en: 'What can be said today: less left the tanks than was sold; look for meters that give short measure, or oil that was not registered.',
  },
  open: { zh: '今天还不能下结论。', en: 'Nothing can be concluded today.' },
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${value.toFixed(2)}`

/** The conclusion of one grade in a sentence. */
export function conclusionWords(conclusion: Conclusion): Words {
  return CONCLUSIONS[conclusion]
}

/** What one pair says, in a sentence: a difference with its interval, and how many days would tell. */
export function pairWords(result: PairResult): Words {
  const { pair, percent, halfWidthPercent, verdict, daysNeeded, waitsFor, differenceMillilitres } = result
  const size = `${signed(percent)} ± ${halfWidthPercent.toFixed(2)} %`
  const litres = `${signed(differenceMillilitres / 1e3)} L`
  const { zh, en } = NAMES[pair]
  switch (verdict) {
    case 'agree':
      return { zh: `${zh}一致:相差 ${size}`, en: `${en} agree: ${size}` }
    case 'differ':
      return { zh: `${zh}不符:相差 ${size}(${litres})`, en: `${en} differ: ${size} (${litres})` }
    case 'open':
      return openWords(`${zh}相差 ${size}`, `${en}: ${size}`, waitsFor, daysNeeded)
  }
}

function openWords(
  zh: string,
  en: string,
  waitsFor: PairResult['waitsFor'],
  daysNeeded: number | undefined,
): Words {
  if (waitsFor === 'records')
    return {
      zh: `${zh},尚有记录未到,补齐之前不下结论`,
      en: `${en}; records are missing, nothing is concluded before they come`,
    }
  if (waitsFor === 'days')
    return {
      zh: `${zh},按此销量共需约 ${daysNeeded} 天才能分辨 0.6 %`,
      en: `${en}; with sales like these about ${daysNeeded} days in all would tell 0.6 % from nothing`,
    }
  return {
    zh: `${zh},再多天数也分辨不出 0.6 %:罐容表误差太大,需要经审定的罐容表`,
    en: `${en}; no number of days would tell 0.6 % from nothing: the chart's error is too large, a decided chart is needed`,
  }
}
