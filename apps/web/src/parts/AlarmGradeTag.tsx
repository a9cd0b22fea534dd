import type { AlarmGrade } from '@oiltrail/domain'
import type { ReactNode } from 'react'
import { useWords } from '../settings.tsx'
import { GradeShape } from '../ui/GradeShape.tsx'

/** Grade of an alarm as shape, colour and word; with `count` the number in sight. */
export function AlarmGradeTag({ grade, count }: { grade: AlarmGrade; count?: number }): ReactNode {
  const words = useWords()
  return (
    <span className="alarm-grade" data-none={count === 0}>
      <GradeShape grade={grade} />
      {words.alarmGrade[grade]}
      {count === undefined ? null : <b>{count}</b>}
    </span>
  )
}
