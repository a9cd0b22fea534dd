import { formatLitres, formatNumber } from './format.ts'

/** What an event sentence is made of; `value` is the one number of the event in its own unit. */
export interface EventFacts {
  readonly kind: string
  readonly siteName: string
  readonly subject: string
  readonly value: number | undefined
  /** Where a sale was counted; a depot's arm loads tankers. */
  readonly source?: string
}

const SELF_CHECKS: Readonly<Record<string, string>> = {
  started: '采集器启动',
  stopped: '采集器停止',
  restarted: '采集进程重新启动',
  heartbeat: '心跳',
  'mains-lost': '市电中断',
  'last-gasp': '断电前最后报告',
  'mains-restored': '市电恢复',
  'network-lost': '网络中断',
  'network-restored': '网络恢复',
  'driver-silent': '端口无应答',
  'driver-restored': '端口恢复应答',
  'board-silent': '税控主板无应答',
  'board-restored': '税控主板恢复应答',
  'pulses-without-sale': '有脉冲而无加油',
  'clock-stepped': '时钟跳变',
  'cabinet-opened': '箱门打开',
  'cabinet-closed': '箱门关闭',
  'spool-nearly-full': '本地存储将满',
  'spool-relieved': '本地存储恢复',
  'spool-repaired': '本地存储已修复',
  'history-imported': '历史数据导入完成',
  'line-cut': '信号线断开',
  'line-shorted': '信号线短路',
  'line-rewired': '信号线改接',
  'line-normal': '信号线恢复正常',
  line: '信号线状态变化',
  key: '更换密钥',
  'gap-opened': '出现缺口',
  'gap-filled': '缺口补齐',
}

function nozzle(subject: string): string {
  return subject ? `${subject}号枪` : ''
}

/** The number that belongs to a self-check, with its unit. */
const SELF_CHECK_VALUES: Readonly<Record<string, (value: number) => string>> = {
  'clock-stepped': (value) => `${formatNumber(value / 1000, 1)} 秒`,
  'spool-nearly-full': (value) => `${value} %`,
  'history-imported': (value) => `${formatNumber(value)} 条`,
}

function selfCheckValue(kind: string, value: number | undefined): string {
  const format = SELF_CHECK_VALUES[kind]
  return format && value !== undefined ? ` ${format(value)}` : ''
}

const EVENT_SENTENCES: Readonly<Record<string, (event: EventFacts) => string>> = {
  sale: (e) =>
    e.source === 'arm'
      ? `${e.siteName}鹤管 ${e.subject} 装车 ${formatLitres(e.value ?? 0)} L`
      : `${e.siteName}${nozzle(e.subject)}加油 ${formatLitres(e.value ?? 0, 2)} L`,
  load: (e) => `${e.siteName}${e.subject}号鹤管装车 ${formatLitres(e.value ?? 0)} L`,
  delivery: (e) => `${e.siteName}${e.subject}号罐卸油 ${formatLitres(e.value ?? 0)} L`,
  price: (e) => `${e.siteName}${nozzle(e.subject)}单价调为 ¥${formatLitres((e.value ?? 0) * 10, 2)}/L`,
}

/** Sentences of events and faults. */
export const zhEvents = {
  event: (e: EventFacts): string => {
    const known = EVENT_SENTENCES[e.kind]
    if (known) return known(e)
    const name = SELF_CHECKS[e.kind] ?? e.kind
    const subject = e.kind.startsWith('line') ? nozzle(e.subject) : e.subject ? `(${e.subject})` : ''
    return `${e.siteName}${subject}${name}${selfCheckValue(e.kind, e.value)}`
  },
  eventMany: (kind: string, siteNames: readonly string[]): string =>
    `${SELF_CHECKS[kind] ?? kind}:${siteNames.slice(0, 3).join('、')}${siteNames.length > 3 ? `等 ${siteNames.length} 处` : ''}`,
  fault: (event: string, subject: string) => `${SELF_CHECKS[event] ?? event}${subject ? `(${subject})` : ''}`,
}
