import { Select } from 'antd'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'react-router'
import { AlarmTable } from '../alarms/AlarmTable.tsx'
import { GradeCounts } from '../alarms/GradeCounts.tsx'
import { groupAlarms } from '../alarms/grouping.ts'
import { LOAD_HOURS, LoadPanel, OFFICERS } from '../alarms/LoadPanel.tsx'
import {
  ALARM_STATES,
  type AlarmQuestion,
  alarmQueryOf,
  alarmQuestionOf,
  HANDLING_CHOICES,
  isFiltered,
  PAGE_ALARMS,
} from '../alarms/question.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { SiteSelect } from '../parts/SiteSelect.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { useHeld } from '../ui/useHeld.ts'
import { oneOf, useSearch } from './useSearch.ts'

type Change = (changes: Readonly<Record<string, string | undefined>>) => void

/** Scope, handling, rule and site; each stands in the address. */
function AlarmFilters({ question, change }: { question: AlarmQuestion; change: Change }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const rules = useRead('rules', {}, {}).data ?? []
  return (
    <>
      <Select
        aria-label={words.alarms.state}
        value={question.state}
        popupMatchSelectWidth={false}
        onChange={(state) => change({ state: state === 'sight' ? undefined : state, before: undefined })}
        options={ALARM_STATES.map((value) => ({ value, label: words.alarms.states[value] }))}
      />
      <Select
        aria-label={words.alarms.handling}
        value={question.handling}
        popupMatchSelectWidth={false}
        onChange={(handling) => change({ handling, before: undefined })}
        options={HANDLING_CHOICES.map((value) => ({
          value,
          label: value === '' ? words.alarms.allHandlings : words.handling[value],
        }))}
      />
      <Select
        showSearch
        optionFilterProp="label"
        aria-label={words.alarms.rule}
        value={question.rule}
        popupMatchSelectWidth={false}
        onChange={(rule) => change({ rule, before: undefined })}
        options={[
          { value: '', label: words.alarms.allRules },
          ...rules.map(({ rule, title }) => ({ value: rule, label: title[language] })),
        ]}
      />
      <SiteSelect
        label={words.alarms.site}
        all={words.alarms.allSites}
        value={question.site}
        onChange={(site) => change({ site, before: undefined })}
      />
    </>
  )
}

/** Steps through what is longer than a page of the list. */
function Pages({ question, oldest, full, change }: PagesProps): ReactNode {
  const words = useWords()
  if (!full && !question.before) return null
  return (
    <nav className="pager" aria-label={words.alarms.older}>
      <button
        type="button"
        className="button"
        disabled={!question.before}
        onClick={() => change({ before: undefined })}
      >
        {words.alarms.newest}
      </button>
      <button
        type="button"
        className="button"
        disabled={!full}
        onClick={() => change({ before: String(oldest) })}
      >
        {words.alarms.older}
      </button>
    </nav>
  )
}
interface PagesProps {
  readonly question: AlarmQuestion
  readonly oldest: number | undefined
  readonly full: boolean
  readonly change: Change
}

/** What is kept out of sight, each with the way to it. */
function HiddenCounts({ counts }: { counts: Answer<'alarms'>['counts'] }): ReactNode {
  const words = useWords()
  return (
    <>
      <Link to={`${paths.alarms()}?state=suppressed`}>
        {words.alarms.suppressedCount(formatNumber(counts.suppressed))}
      </Link>
      {' · '}
      <Link to={`${paths.alarms()}?state=shelved`}>
        {words.alarms.shelvedCount(formatNumber(counts.shelved))}
      </Link>
    </>
  )
}

/** What an empty list means, and what to do next. */
function NoAlarms({ question, change }: { question: AlarmQuestion; change: Change }): ReactNode {
  const words = useWords()
  if (!isFiltered(question)) return <p className="quiet">{words.alarms.empty}</p>
  const all = { state: '', grade: '', handling: '', rule: '', site: '', before: '' }
  return (
    <p className="quiet">
      {words.alarms.emptyFiltered}{' '}
      <button type="button" className="link-button" onClick={() => change(all)}>
        {words.alarms.dropFilter}
      </button>
    </p>
  )
}

/** The list itself: counts by grade above, causes below; it stands still under the pointer. */
function ListPanel({ question, change }: { question: AlarmQuestion; change: Change }): ReactNode {
  const words = useWords()
  const query = useRead('alarms', {}, alarmQueryOf(question), { refreshMs: 30_000 })
  const { shown, hold } = useHeld(query.data)
  const groups = useMemo(() => groupAlarms(shown?.alarms ?? []), [shown])
  const counts = query.data?.counts
  return (
    <Panel
      title={
        counts ? (
          <GradeCounts
            counts={counts}
            chosen={question.grade}
            onChoose={(grade) => change({ grade, before: undefined })}
          />
        ) : null
      }
      extra={counts ? <HiddenCounts counts={counts} /> : null}
    >
      <Loaded query={query} lines={16}>
        {() =>
          groups.length === 0 ? (
            <NoAlarms question={question} change={change} />
          ) : (
            <div {...hold}>
              <AlarmTable groups={groups} />
              <p className="small faint alarm-keys">{words.alarms.keys}</p>
            </div>
          )
        }
      </Loaded>
      <Pages
        question={question}
        oldest={shown?.alarms.at(-1)?.alarm}
        full={(shown?.alarms.length ?? 0) >= PAGE_ALARMS}
        change={change}
      />
    </Panel>
  )
}

/** Alarms, newest first, by cause, and how much of them there is; filter and span stand in the address. */
export function AlarmsPage(): ReactNode {
  const words = useWords()
  const [search, change] = useSearch()
  const question = useMemo(() => alarmQuestionOf(search), [search])
  return (
    <>
      <PageHead title={words.alarms.title} aside={<Link to={paths.rules()}>{words.alarms.rules}</Link>}>
        <AlarmFilters question={question} change={change} />
      </PageHead>
      <ListPanel question={question} change={change} />
      <LoadPanel
        hours={oneOf(search.get('hours'), LOAD_HOURS)}
        officers={oneOf(search.get('officers'), OFFICERS)}
        change={change}
      />
    </>
  )
}
