import type { ReactNode } from 'react'
import './ui.css'

export type ShapeGrade = 'red' | 'orange' | 'yellow' | 'blue'

/** Name of the colour of each grade as a CSS variable. */
export const GRADE_VARIABLES: Readonly<Record<ShapeGrade, string>> = {
  red: 'var(--alarmRed)',
  orange: 'var(--alarmOrange)',
  yellow: 'var(--alarmYellow)',
  blue: 'var(--alarmBlue)',
}

/** Outlines of the grades about (0, 0) within ±1: ◆ ▲ ● ■. The disc is drawn of two arcs, so that all are one path. */
const OUTLINES: Readonly<Record<ShapeGrade, string>> = {
  red: 'M0 -1 1 0 0 1 -1 0Z',
  orange: 'M0 -.95 1 .8 -1 .8Z',
  yellow: 'M-.82 0A.82 .82 0 1 1 .82 0A.82 .82 0 1 1 -.82 0Z',
  blue: 'M-.78 -.78H.78V.78H-.78Z',
}

/** The shape of a grade in map or chart units; the caller gives it a class or a colour. */
export function GradePath({
  grade,
  radius,
  className,
}: {
  grade: ShapeGrade
  radius: number
  className?: string
}): ReactNode {
  return (
    <path
      d={OUTLINES[grade]}
      transform={`scale(${radius})`}
      fill={GRADE_VARIABLES[grade]}
      vectorEffect="non-scaling-stroke"
      {...(className ? { className } : {})}
    />
  )
}

/** The shape of an alarm's grade, as large as the text beside it. */
export function GradeShape({ grade }: { grade: ShapeGrade }): ReactNode {
  return (
    <svg className="grade-shape" viewBox="-1.1 -1.1 2.2 2.2" aria-hidden="true">
      <GradePath grade={grade} radius={1} />
    </svg>
  )
}
