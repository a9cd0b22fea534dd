import { formatLitres, formatNumber } from './format.ts'
import type { EventFacts, zhEvents } from './zhEvents.ts'

const SELF_CHECKS: Readonly<Record<string, string>> = {
  started: 'collector started',
  stopped: 'collector stopped',
  restarted: 'collector process restarted',
  heartbeat: 'heartbeat',
  'mains-lost': 'mains power lost',
  'last-gasp': 'last report before power loss',
  'mains-restored': 'mains power restored',
  'network-lost': 'network lost',
  'network-restored': 'network restored',
  'driver-silent': 'port does not answer',
  'driver-restored': 'port answers again',
  'board-silent': 'tax board does not answer',
  'board-restored': 'tax board answers again',
  'pulses-without-sale': 'pulses without a sale',
  'clock-stepped': 'clock stepped',
  'cabinet-opened': 'cabinet opened',
  'cabinet-closed': 'cabinet closed',
  'spool-nearly-full': 'spool nearly full',
  'spool-relieved': 'spool relieved',
  'spool-repaired': 'spool repaired',
  'history-imported': 'history imported',
  'line-cut': 'signal line cut',
  'line-shorted': 'signal line shorted',
  'line-rewired': 'signal line rewired',
  'line-normal': 'signal line normal again',
  line: 'signal line changed',
  key: 'key changed',
  'gap-opened': 'gap opened',
  'gap-filled': 'gap filled',
}

/** The number that belongs to a self-check, with its unit. */
const SELF_CHECK_VALUES: Readonly<Record<string, (value: number) => string>> = {
  'clock-stepped': (value) => `${formatNumber(value / 1000, 1)} s`,
  'spool-nearly-full': (value) => `${value} %`,
  'history-imported': (value) => `${formatNumber(value)} records`,
}

function selfCheckValue(kind: string, value: number | undefined): string {
  const format = SELF_CHECK_VALUES[kind]
  return format && value !== undefined ? ` ${format(value)}` : ''
}

const EVENT_SENTENCES: Readonly<Record<string, (event: EventFacts) => string>> = {
  sale: (e) =>
    e.source === 'arm'
      ? `${e.siteName}, arm ${e.subject}: loaded ${formatLitres(e.value ?? 0)} L`
      : `${e.siteName}, nozzle ${e.subject}: sold ${formatLitres(e.value ?? 0, 2)} L`,
  load: (e) => `${e.siteName}, arm ${e.subject}: loaded ${formatLitres(e.value ?? 0)} L`,
  delivery: (e) => `${e.siteName}, tank ${e.subject}: ${formatLitres(e.value ?? 0)} L delivered`,
  price: (e) => `${e.siteName}, nozzle ${e.subject}: price now ¥${formatLitres((e.value ?? 0) * 10, 2)}/L`,
}

/** Sentences of events and faults. */
export const enEvents: typeof zhEvents = {
  event: (e) => {
    const known = EVENT_SENTENCES[e.kind]
    if (known) return known(e)
    const subject = e.kind.startsWith('line') ? `, nozzle ${e.subject}` : e.subject ? ` (${e.subject})` : ''
    return `${e.siteName}${subject}: ${SELF_CHECKS[e.kind] ?? e.kind}${selfCheckValue(e.kind, e.value)}`
  },
  eventMany: (kind, siteNames) => {
    const name = SELF_CHECKS[kind] ?? kind
    const more = siteNames.length > 3 ? ` and ${siteNames.length - 3} more` : ''
    return `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${siteNames.slice(0, 3).join(', ')}${more}`
  },
  fault: (event, subject) => {
    const name = SELF_CHECKS[event] ?? event
    return `${name.charAt(0).toUpperCase()}${name.slice(1)}${subject ? ` (${subject})` : ''}`
  },
}
