import type { ReactNode } from 'react'
import { setMuted, useSoundState } from '../alarms/sound.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { GradeShape } from '../ui/GradeShape.tsx'

/** How many of the newest alarms the cockpit tells; one call serves it and the count of the menu. */
export const NEWEST = 3

/** The newest alarms in sight and how many there are, the same answer for every place that shows it. */
export function useNewestAlarms(): Answer<'alarms'> | undefined {
  return useRead('alarms', {}, { limit: NEWEST }, { refreshMs: 30_000 }).data
}

/** All alarms in sight. */
export function inSight({ red, orange, yellow, blue }: Answer<'alarms'>['counts']): number {
  return red + orange + yellow + blue
}

/** Number of alarms in sight beside the menu item, in the shape of the gravest; nothing when there is none. */
export function AlarmCount(): ReactNode {
  const words = useWords()
  const counts = useNewestAlarms()?.counts
  if (!counts || inSight(counts) === 0) return null
  const gravest = (['red', 'orange', 'yellow', 'blue'] as const).find((grade) => counts[grade] > 0) ?? 'blue'
  return (
    <span className="menu-count" title={words.alarms.openCount(formatNumber(inSight(counts)))}>
      <GradeShape grade={gravest} /> {formatNumber(inSight(counts))}
    </span>
  )
}

const SOUND_STATES = ['on', 'muted', 'waiting'] as const

/**
 * Whether critical alarms are heard, and the switch for it. It is as wide as its longest word at all times: the very first click of a
 * visit turns the sound on, and whatever was being clicked must not move away from under the finger.
 */
export function SoundSwitch({ className }: { className?: string }): ReactNode {
  const words = useWords()
  const state = useSoundState()
  return (
    <button
      type="button"
      title={state === 'waiting' ? words.alarms.soundWaitingHint : words.alarms.soundHint}
      aria-pressed={state === 'on'}
      onClick={() => setMuted(state === 'on')}
      {...(className ? { className } : {})}
    >
      <span className="one-of">
        {SOUND_STATES.map((each) => (
          <span key={each} data-shown={each === state}>
            {words.alarms.sound[each]}
          </span>
        ))}
      </span>
    </button>
  )
}
