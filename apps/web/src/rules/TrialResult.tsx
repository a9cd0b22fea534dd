import type { ReactNode } from 'react'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment } from '../text/format.ts'
import { judgedRow, type KnownEffect, knownEffect } from './known.ts'
import './rules.css'

type Trial = Answer<'trySettings'>
type KnownAlarms = Answer<'alarms'>['alarms']

/** Alarms of the rule that are compared with the trial: as many as the platform gives at once. */
const MOST_KNOWN = 500

/** More are counted, not listed. */
const SHOWN = 12

interface AlarmsProps {
  readonly title: string
  readonly mark: string
  readonly alarms: Trial['added']
  /** Alarms that were really raised, to say what people found out about them. */
  readonly known: KnownAlarms
}

function Alarms({ title, mark, alarms, known }: AlarmsProps): ReactNode {
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
            <span>
              {alarm.sentence[language]} <JudgedTag judged={judgedRow(alarm, known)} />
            </span>
          </li>
        ))}
      </ul>
      {alarms.length > SHOWN ? (
        <p className="small faint">{words.cockpit.more(alarms.length - SHOWN)}</p>
      ) : null}
    </section>
  )
}

function JudgedTag({ judged }: { judged: ReturnType<typeof judgedRow> }): ReactNode {
  const words = useWords()
  if (judged === 'open') return null
  return (
    <b className="small" data-judged={judged}>
      {words.rules.judged[judged]}
    </b>
  )
}

/** What becomes of the cases that people have judged: the first thing to look at before a change. */
function KnownLine({ effect }: { effect: KnownEffect }): ReactNode {
  const words = useWords()
  const { kept, missed, spared, repeated } = effect
  if (kept + missed + spared + repeated === 0) return <p className="small faint">{words.rules.noneKnown}</p>
  return (
    <p className="trial-known">
      <span data-bad={missed > 0}>{words.rules.knownTrue(kept, missed)}</span>
      {' · '}
      {words.rules.knownFalse(spared, repeated)}
    </p>
  )
}

/** Which alarms a proposal would have raised more, which fewer, and which known cases it would find or miss. */
export function TrialResult({ rule, site, answer }: TrialResultProps): ReactNode {
  const words = useWords()
  const most = Math.max(1, answer.before, answer.after)
  const span = { from: answer.from, to: answer.to }
  const query = { state: 'all', rule, limit: MOST_KNOWN, ...span, ...(site ? { site } : {}) } as const
  const known = useRead('alarms', {}, query).data?.alarms ?? []
  return (
    <div className="trial" role="status">
      <h3>{words.rules.trialTitle(answer.added.length, answer.removed.length)}</h3>
      <KnownLine effect={knownEffect(answer.removed, known)} />
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
        <Alarms title={words.rules.added} mark="+" alarms={answer.added} known={known} />
        <Alarms title={words.rules.removed} mark="−" alarms={answer.removed} known={known} />
      </div>
    </div>
  )
}
interface TrialResultProps {
  readonly rule: string
  /** The site tried, empty for the county. */
  readonly site: string
  readonly answer: Trial
}
