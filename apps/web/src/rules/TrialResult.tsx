import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import './rules.css'

type Trial = Answer<'trySettings'>

/** More are counted, not listed. */
const SHOWN = 12

function Alarms({ title, mark, alarms }: { title: string; mark: string; alarms: Trial['added'] }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <section>
      <h3>
        {title} {formatNumber(alarms.length)}
      </h3>
      {alarms.length === 0 ? <p className="soft">{words.rules.none}</p> : null}
      <ul className="trial-alarms">
        {alarms.slice(0, SHOWN).map((alarm) => (
          <li key={`${alarm.subject} ${alarm.at}`}>
            <b aria-hidden="true">{mark}</b>
            <time className="faint nowrap">{formatShortMoment(alarm.at)}</time>
            <span>{alarm.sentence[language]}</span>
          </li>
        ))}
      </ul>
      {alarms.length > SHOWN ? (
        <p className="small faint">{words.cockpit.more(alarms.length - SHOWN)}</p>
      ) : null}
    </section>
  )
}

/** Which alarms a proposal would have raised more, and which fewer. */
export function TrialResult({ answer }: { answer: Trial }): ReactNode {
  const words = useWords()
  const most = Math.max(1, answer.before, answer.after)
  return (
    <div className="trial" role="status">
      <h3>{words.rules.trialTitle(answer.added.length, answer.removed.length)}</h3>
      <p className="small faint">
        {words.rules.records(
          formatNumber(answer.records),
          formatShortMoment(answer.from),
          formatShortMoment(answer.to),
        )}
        {answer.shortened ? ` · ${words.rules.shortened}` : ''}
      </p>
      <dl className="trial-bars">
        {(['before', 'after'] as const).map((side) => (
          <div key={side}>
            <dt>{words.rules[side]}</dt>
            <dd>
              <i data-side={side} style={{ width: `${(answer[side] / most) * 60}%` }} />
              {words.rules.alarmsCount(formatNumber(answer[side]))}
            </dd>
          </div>
        ))}
      </dl>
      <div className="trial-lists">
        <Alarms title={words.rules.added} mark="+" alarms={answer.added} />
        <Alarms title={words.rules.removed} mark="−" alarms={answer.removed} />
      </div>
    </div>
  )
}
