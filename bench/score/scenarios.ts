/** What must be found, by which of these rules, and how soon. Or: what is honest, and which notices are in order meanwhile. */
export interface Scenario {
  readonly name: string
  readonly zh: string
  readonly kind: 'misdeed' | 'attack' | 'honest'
  /** Fault of the simulator with its subject, or `attack` for what never enters a collector's chain. */
  readonly fault: string
  readonly subject: 'none' | 'tapped-nozzle' | 'tank' | 'dispenser'
  /** Day and hour, after the beginning, at which it starts; days before let rules learn. */
  readonly day: number
  readonly hour: number
  readonly lastsHours?: number
  /** Days lived in all. */
  readonly days: number
  /** Any of these rules finds it; for honest scenarios: rules that rightly say something. */
  readonly rules: readonly string[]
  /** The site declares windows for itself: one around the beginning, or two every day, over noon and over midnight. */
  readonly declared?: 'once' | 'daily'
  /** Longest time to the alarm, in seconds, from `from`. */
  readonly withinSeconds: number
  /**
   * `begin` of the misdeed, its `end` (what nobody can know before), the end of the first `delivery` in it, or of the first
   * `sale` that it touches: a nozzle that nobody uses cheats nobody.
   */
  readonly from?: 'begin' | 'end' | 'delivery' | 'sale'
}

const MINUTE = 60
const HOUR = 3_600
const DAY = 86_400

function misdeed(
  name: string,
  zh: string,
  subject: Scenario['subject'],
  rules: readonly string[],
  withinSeconds: number,
  when: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    zh,
    kind: 'misdeed',
    fault: name,
    subject,
    day: 1,
    hour: 10,
    days: 3,
    rules,
    withinSeconds,
    ...when,
  }
}

function honest(
  name: string,
  zh: string,
  subject: Scenario['subject'],
  allowed: readonly string[],
  when: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    zh,
    kind: 'honest',
    fault: name,
    subject,
    day: 2,
    hour: 10,
    days: 5,
    rules: allowed,
    withinSeconds: 0,
    ...when,
  }
}

function attack(name: string, zh: string, rules: readonly string[]): Scenario {
  return {
    name,
    zh,
    kind: 'attack',
    fault: name,
    subject: 'none',
    day: 1,
    hour: 3,
    days: 2,
    rules,
    withinSeconds: MINUTE,
  }
}

/** Any of the witnesses against another. */
const BOOKS = ['pulses-against-board', 'double-books', 'tax-memory', 'missing-sales', 'cheat-signature']
/** What only the tank can tell. */
const TANK = ['stock-balance', 'double-books']

/** Everything the score plays. */
export const SCENARIOS: readonly Scenario[] = [
  misdeed('line-cut', '信号线剪断', 'tapped-nozzle', ['line-cut'], MINUTE, { lastsHours: 4 }),
  misdeed('line-rewired', '信号线改接', 'tapped-nozzle', ['line-rewired'], MINUTE, { lastsHours: 4 }),
  misdeed('cabinet-open', '采集箱铅封破坏', 'none', ['cabinet-opened'], MINUTE, { hour: 2, lastsHours: 1 }),
  misdeed('line-cut-declared', '申报维护后剪线', 'tapped-nozzle', ['line-cut'], MINUTE, {
    ...{ fault: 'line-cut', lastsHours: 4, declared: 'once' },
  }),
  misdeed('line-rewired-declared', '申报维护后改接', 'tapped-nozzle', ['line-rewired'], MINUTE, {
    ...{ fault: 'line-rewired', lastsHours: 4, declared: 'once' },
  }),
  misdeed('cabinet-open-declared', '申报维护后开箱', 'none', ['cabinet-opened'], MINUTE, {
    ...{ fault: 'cabinet-open', hour: 2, lastsHours: 1, declared: 'once' },
  }),
  misdeed('price-cheat', '主板价格作弊', 'tapped-nozzle', ['price-mismatch'], 4 * HOUR, { from: 'sale' }),
  misdeed('missing-sales', '隐瞒销售(四笔瞒一)', 'tapped-nozzle', BOOKS, 4 * HOUR, { from: 'sale' }),
  misdeed('totalizer-reset', '总累回调', 'tapped-nozzle', ['totalizer-back'], 2 * HOUR),
  misdeed('pulse-injector', '脉冲注入', 'tapped-nozzle', BOOKS, 12 * HOUR),
  misdeed('meter-wheel', '计量轮改动 +1 %', 'none', ['meter-drift', ...TANK], 14 * DAY, { days: 17, day: 3 }),
  misdeed('double-books', '后台双账 2 %', 'none', BOOKS, 12 * HOUR),
  misdeed('hot-key', '双账带热键', 'none', BOOKS, DAY),
  misdeed('night-delivery', '夜间未登记卸油', 'tank', ['unregistered-delivery'], HOUR, { hour: 1 }),
  misdeed('small-delivery', '未登记卸油 200 L', 'tank', ['unregistered-delivery'], HOUR, { hour: 1 }),
  misdeed('short-delivery-early', '新罐头几次卸油短少 3 %', 'none', ['short-delivery'], 3 * DAY, {
    fault: 'short-delivery',
    day: 2,
    days: 9,
    from: 'delivery',
  }),
  // Two deliveries teach the rule what a tank's chart makes of them; then a short one is one among several tanks.
  misdeed('short-delivery', '卸油短少 3 %', 'none', ['short-delivery'], 3 * DAY, {
    day: 16,
    days: 28,
    from: 'delivery',
  }),
  misdeed('leak-slow', '渗漏 0.757 L/h', 'tank', ['leak', ...TANK], 30 * DAY, { days: 31 }),
  misdeed('leak-declared', '每日申报维护下渗漏', 'tank', ['leak'], 30 * DAY, {
    ...{ fault: 'leak-slow', days: 31, declared: 'daily' },
  }),
  misdeed('leak-fast', '泄漏 5 L/min', 'tank', ['sudden-loss'], HOUR, { hour: 2, lastsHours: 3 }),
  misdeed('tank-theft', '罐内盗油 600 L', 'tank', ['sudden-loss'], HOUR, { hour: 2 }),
  misdeed('unplugged', '拔采集器断采售油', 'none', ['dark-collector', 'missing-sales'], HOUR, {
    day: 2,
    days: 4,
    lastsHours: 4,
    from: 'end',
  }),
  misdeed('price-blind', '遮蔽单价通道', 'none', ['device-silent', 'price-channel-down'], 15 * MINUTE, {
    lastsHours: 6,
  }),
  misdeed('clock-back', '时钟回拨', 'none', ['clock-turned-back'], 5 * MINUTE, { lastsHours: 4 }),
  attack('forged', '伪造批次', ['key-wrong']),
  attack('cloned', '克隆采集器', ['chain-broken']),
  attack('altered', '篡改存储', ['chain-broken']),
  attack('replayed', '重放旧批次', []),
  attack('reordered', '乱序批次', []),
  honest('mains-out', '风暴停电', 'none', ['mains-lost', 'collector-silent'], { lastsHours: 3 }),
  honest('network-down', '断网一天', 'none', ['collector-silent'], { lastsHours: 24 }),
  honest('cold-delivery', '热天冷油', 'none', [], { lastsHours: 96, days: 6 }),
  honest('test-cans', '标准罐检定回罐', 'tapped-nozzle', []),
  honest('grade-switch', '换装油品', 'tank', []),
  honest('dispenser-replaced', '更换加油机', 'dispenser', []),
  honest('price-rush', '涨价前抢加', 'none', [], { lastsHours: 12 }),
  honest('gauge-slow', '液位仪迟缓', 'none', [], { lastsHours: 24 }),
]
