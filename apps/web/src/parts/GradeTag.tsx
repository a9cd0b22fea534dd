import type { Grade } from '@oiltrail/domain'
import type { ReactNode } from 'react'
import { useWords } from '../settings.tsx'
import { GRADE_COLOURS } from '../theme/tokens.ts'

/** A grade with the one colour it has everywhere. */
export function GradeTag({ grade, full = false }: { grade: Grade; full?: boolean }): ReactNode {
  const words = useWords()
  return (
    <span className="grade-tag">
      <i style={{ background: GRADE_COLOURS[grade] }} aria-hidden="true" />
      {full ? words.gradeFull[grade] : words.grade[grade]}
    </span>
  )
}
