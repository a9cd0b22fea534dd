import type { HealthEvent } from '@oiltrail/domain'
import type { FaultMark } from '@oiltrail/store'

/** What an event says of a fault: which fault, whether it begins or ends, and whether each subject has its own. */
interface FaultRule {
  readonly fault: HealthEvent
  readonly lasts: 0 | 1
  readonly bySubject: boolean
}

function pair(
  onset: HealthEvent,
  ends: readonly HealthEvent[],
  bySubject: boolean,
): [HealthEvent, FaultRule][] {
  return [
    [onset, { fault: onset, lasts: 1, bySubject }],
    ...ends.map((end): [HealthEvent, FaultRule] => [end, { fault: onset, lasts: 0, bySubject }]),
  ]
}

/** Onset and end of everything that lasts. A last gasp is the end of the battery after `mains-lost`, not another fault. */
const RULES: ReadonlyMap<string, FaultRule> = new Map([
  ...pair('mains-lost', ['mains-restored'], false),
  ['last-gasp', { fault: 'mains-lost', lasts: 1, bySubject: false }],
  ...pair('network-lost', ['network-restored'], false),
  ...pair('driver-silent', ['driver-restored'], true),
  ...pair('board-silent', ['board-restored'], true),
  ...pair('cabinet-opened', ['cabinet-closed'], false),
  ...pair('spool-nearly-full', ['spool-relieved'], false),
  ...pair('stopped', ['started', 'restarted'], false),
])

/** A box has some dozens of ports and nozzles; more subjects than this is junk, and the oldest ended one is forgotten. */
export const MAX_FAULT_MARKS = 256

/** Takes one health event into the marks of its channel. Late events change nothing that is newer. Returns whether anything changed. */
export function markFault(
  marks: Record<string, FaultMark>,
  event: HealthEvent,
  subject: string,
  at: number,
  seq: number,
): boolean {
  const rule = RULES.get(event)
  if (!rule) return false
  const name = rule.bySubject && subject !== '' ? `${rule.fault}:${subject}` : rule.fault
  const known = Object.hasOwn(marks, name) ? marks[name] : undefined
  if (known && (known[0] > at || (known[0] === at && known[1] >= seq))) return false
  marks[name] = [at, seq, rule.lasts]
  const names = Object.keys(marks)
  if (names.length > MAX_FAULT_MARKS) delete marks[oldest(marks, names)]
  return true
}

function oldest(marks: Record<string, FaultMark>, names: readonly string[]): string {
  const rank = (name: string): number =>
    marks[name]![0] + (marks[name]![2] === 1 ? Number.MAX_SAFE_INTEGER / 2 : 0)
  return names.reduce((a, b) => (rank(b) < rank(a) ? b : a))
}

/** Faults that have begun and not ended, oldest first. */
export function openFaults(
  marks: Readonly<Record<string, FaultMark>>,
): { event: string; subject: string; since: number }[] {
  return Object.entries(marks)
    .filter(([, mark]) => mark[2] === 1)
    .map(([name, mark]) => {
      const colon = name.indexOf(':')
      return {
        event: colon < 0 ? name : name.slice(0, colon),
        subject: colon < 0 ? '' : name.slice(colon + 1),
        since: mark[0],
      }
    })
    .sort((a, b) => a.since - b.since || (a.event < b.event ? -1 : 1))
}

/** Events that say nothing to a duty officer; everything else belongs among the newest events. */
const ROUTINE: ReadonlySet<string> = new Set(['heartbeat', 'started', 'stopped', 'history-imported'])

/** Whether a health event belongs among the newest events of the cockpit. */
export function isNotable(event: HealthEvent): boolean {
  return !ROUTINE.has(event)
}
