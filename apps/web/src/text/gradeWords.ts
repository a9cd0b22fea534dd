import { ALARM_GRADE_WORDS, type AlarmGrade } from '@oiltrail/domain'
import type { Language } from '../settings.tsx'

/** Names of the grades of alarms in one language, from the one place that gives them to screen, rules and exports alike. */
export function alarmGradeWords(language: Language): Readonly<Record<AlarmGrade, string>> {
  const { red, orange, yellow, blue } = ALARM_GRADE_WORDS
  return { red: red[language], orange: orange[language], yellow: yellow[language], blue: blue[language] }
}
