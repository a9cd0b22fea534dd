import type { AlarmGrade } from '@oiltrail/domain'
import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import './alarms.css'
import { GRADE_ORDER } from './grouping.ts'

interface GradeCountsProps {
  readonly counts: Answer<'alarms'>['counts']
  /** The grade in force as a filter; empty for all. */
  readonly chosen: AlarmGrade | ''
  readonly onChoose: (grade: AlarmGrade | '') => void
}

/** Alarms in sight by grade; a click filters by the grade, a second one by none. */
export function GradeCounts({ counts, chosen, onChoose }: GradeCountsProps): ReactNode {
  return (
    <div className="alarm-counts">
      {GRADE_ORDER.map((grade) => (
        <button
          key={grade}
          type="button"
          aria-pressed={grade === chosen}
          onClick={() => onChoose(grade === chosen ? '' : grade)}
        >
          <AlarmGradeTag grade={grade} count={counts[grade]} />
        </button>
      ))}
    </div>
  )
}
