import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { Litres } from '../parts/amounts.tsx'
import { GradeTag } from '../parts/GradeTag.tsx'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { GRADE_COLOURS } from '../theme/tokens.ts'
import { Bar } from '../ui/Bar.tsx'
import { Figure } from '../ui/Figure.tsx'
import './sales.css'

/** Fewer days of supply than this deserve a glance. */
const SHORT_SUPPLY_DAYS = 3

/** What lies in the county's tanks by grade, how full they are, and how long it lasts at the pace of the last weeks. */
export function StockPanel({ stock }: { stock: Answer<'overview'>['stock'] }): ReactNode {
  const words = useWords()
  const rows = stock.filter((row) => row.capacityMillilitres > 0)
  const total = rows.reduce((sum, row) => sum + row.volumeMillilitres, 0)
  return (
    <section className="wall-block">
      <h2>
        {words.cockpit.stock}
        <span className="wall-aside">
          <Litres millilitres={total} live />
        </span>
      </h2>
      {rows.length === 0 ? <p className="quiet">{words.empty.nothing}</p> : null}
      <ul className="stock-rows">
        {rows.map((row) => {
          const days =
            row.dailySalesMillilitres > 0 ? row.volumeMillilitres / row.dailySalesMillilitres : undefined
          return (
            <li key={row.grade}>
              <GradeTag grade={row.grade} />
              <Bar
                share={row.volumeMillilitres / row.capacityMillilitres}
                colour={GRADE_COLOURS[row.grade]}
              />
              <span className="right">
                <Litres millilitres={row.volumeMillilitres} />
              </span>
              <span
                className={
                  days !== undefined && days < SHORT_SUPPLY_DAYS ? 'right stock-short' : 'right soft'
                }
              >
                {days === undefined ? (
                  <span className="faint">—</span>
                ) : (
                  <>
                    <span className="small faint">{words.cockpit.daysOfSupply} </span>
                    <Figure value={formatNumber(days, 1)} unit={words.cockpit.days} />
                  </>
                )}
              </span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
