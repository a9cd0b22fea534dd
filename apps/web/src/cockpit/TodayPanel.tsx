import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { Litres, Yuan } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { useWords } from '../settings.tsx'
import { changePercent, formatChange, formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { Figure } from '../ui/Figure.tsx'
import './sales.css'

/** What was sold today, in all and by grade, against the same time of the same weekday last week. */
export function TodayPanel({ overview }: { overview: Answer<'overview'> }): ReactNode {
  const words = useWords()
  const { today, lastWeek } = overview
  const change = changePercent(today.volumeMillilitres, lastWeek.volumeMillilitres)
  const grades = overview.byGrade.filter(
    (row) => row.today.volumeMillilitres > 0 || row.lastWeek.volumeMillilitres > 0,
  )
  const most = Math.max(
    1,
    ...grades.map((row) => Math.max(row.today.volumeMillilitres, row.lastWeek.volumeMillilitres)),
  )
  return (
    <section className="wall-block">
      <h2>{words.cockpit.today}</h2>
      <p className="wall-large">
        <Litres millilitres={today.volumeMillilitres} live />
      </p>
      <p className="wall-change">
        {change === undefined ? (
          <span className="faint">{words.cockpit.noLastWeek}</span>
        ) : (
          <>
            {formatChange(change)} <span className="small faint">{words.cockpit.versusLastWeek}</span>
          </>
        )}
      </p>
      <p className="soft wall-pair">
        <Yuan fen={today.amountFen} live />
        <Figure value={formatNumber(today.sales)} unit={words.cockpit.sales} live />
      </p>
      {today.unpricedSales > 0 ? (
        <p className="small faint">{words.cockpit.unpriced(formatNumber(today.unpricedSales))}</p>
      ) : null}
      <ul className="grade-bars">
        {grades.map((row) => {
          const percent = changePercent(row.today.volumeMillilitres, row.lastWeek.volumeMillilitres)
          return (
            <li key={row.grade}>
              <GradeTag grade={row.grade} />
              <span className="grade-bar">
                <i
                  style={{
                    width: `${(row.today.volumeMillilitres / most) * 100}%`,
                    background: GRADE_COLOURS[row.grade],
                  }}
                />
                <b style={{ left: `${(row.lastWeek.volumeMillilitres / most) * 100}%` }} />
              </span>
              <span className="right">
                <Litres millilitres={row.today.volumeMillilitres} live />
              </span>
              <span className="right small faint">{percent === undefined ? '—' : formatChange(percent)}</span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
