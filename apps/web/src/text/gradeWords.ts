import {
  ALARM_GRADE_WORDS,
  type AlarmGrade,
  HANDLING_WORDS,
  type Handling,
  type Words,
} from '@oiltrail/domain'
import type { Language } from '../settings.tsx'

/** One language of a table of names in two. */
function oneLanguage<K extends string>(
  table: Readonly<Record<K, Words>>,
  language: Language,
): Readonly<Record<K, string>> {
  const entries = Object.entries<Words>(table).map(([key, words]) => [key, words[language]])
  return Object.fromEntries(entries) as Record<K, string>
}

/** Names of the grades of alarms, from the one place that gives them to screens, rules and exports alike. */
export const alarmGradeWords = (language: Language): Readonly<Record<AlarmGrade, string>> =>
  oneLanguage(ALARM_GRADE_WORDS, language)

/** Names of how far people have come with an alarm. */
export const handlingWords = (language: Language): Readonly<Record<Handling, string>> =>
  oneLanguage(HANDLING_WORDS, language)
