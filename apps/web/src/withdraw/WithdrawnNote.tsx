import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { paths } from '../paths.ts'
import { formatMoment, formatNumber } from '../text/format.ts'
import './withdraw.css'

type Withdrawn = NonNullable<Answer<'notices'>[number]['withdrawn']>

/** That a statement was taken back: when, by whom, why, and where it stands in the log. */
export function WithdrawnNote({ withdrawn, word }: { withdrawn: Withdrawn; word: string }): ReactNode {
  const { at, actor, reason, position } = withdrawn
  return (
    <span className="withdrawn-row small">
      <strong>{word}</strong> {formatMoment(at).slice(5, 16)} · {actor} · {reason} ·{' '}
      <Link to={paths.entry(position)}>#{formatNumber(position)}</Link>
    </span>
  )
}
