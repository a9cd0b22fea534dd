import type { Answer } from '../api/endpoints.ts'

export type Alarm = Answer<'alarms'>['alarms'][number]

/** Grades from the gravest, as they are sorted and drawn. */
export const GRADE_ORDER = ['red', 'orange', 'yellow', 'blue'] as const

/** Alarms of one cause: the one that leads, and the others, newest first. */
export interface AlarmGroup {
  readonly key: string
  readonly head: Alarm
  readonly others: readonly Alarm[]
  /** Newest finding of any of them. */
  readonly lastSeenAt: number
}

/** The alarm that explains another away, when both are listed; never in a circle. */
function parentOf(alarm: Alarm, byNumber: ReadonlyMap<number, Alarm>): Alarm | undefined {
  let parent: Alarm | undefined
  let next: Alarm | undefined = alarm
  const seen = new Set<number>()
  while (next && !seen.has(next.alarm)) {
    seen.add(next.alarm)
    const up: Alarm | undefined =
      next.suppressed?.by === 'alarm' ? byNumber.get(next.suppressed.alarm) : undefined
    if (up && !seen.has(up.alarm)) parent = up
    next = up
  }
  return parent
}

function gravity(alarm: Alarm): number {
  return GRADE_ORDER.indexOf(alarm.grade)
}

/**
 * Groups alarms by cause: what another alarm explains stands under that one; alarms of one rule at one site whose handling
 * is the same stand together (four cut lines of one cabinet are one matter for the officer). The gravest leads, the newest of
 * equals. Groups keep the order in which their newest member was listed.
 */
export function groupAlarms(alarms: readonly Alarm[]): AlarmGroup[] {
  const byNumber = new Map(alarms.map((alarm) => [alarm.alarm, alarm]))
  const members = new Map<string, Alarm[]>()
  for (const alarm of alarms) {
    const leader = parentOf(alarm, byNumber) ?? alarm
    const key = `${leader.rule} ${leader.site} ${leader.handling} ${leader.active}`
    const known = members.get(key)
    if (known) known.push(alarm)
    else members.set(key, [alarm])
  }
  return [...members].map(([key, list]) => {
    const explained = (alarm: Alarm): number => (parentOf(alarm, byNumber) ? 1 : 0)
    const ordered = [...list].sort(
      (a, b) => explained(a) - explained(b) || gravity(a) - gravity(b) || b.alarm - a.alarm,
    )
    const [head, ...others] = ordered as [Alarm, ...Alarm[]]
    return {
      key: `${key} ${head.alarm}`,
      head,
      others: others.sort((a, b) => b.alarm - a.alarm),
      lastSeenAt: Math.max(...list.map((alarm) => alarm.lastSeenAt)),
    }
  })
}

/** What fits of the gravest alarms and, after them, the newest: what is new must not push what is grave out of sight. */
export function gravestFirst(gravest: readonly Alarm[], newest: readonly Alarm[], count: number): Alarm[] {
  const known = new Set(gravest.map(({ alarm }) => alarm))
  return [...gravest, ...newest.filter(({ alarm }) => !known.has(alarm))].slice(0, count)
}
