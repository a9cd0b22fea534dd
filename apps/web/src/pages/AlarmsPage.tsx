import { Select } from 'antd'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'react-router'
import { AlarmTable } from '../alarms/AlarmTable.tsx'
import { GradeCounts } from '../alarms/GradeCounts.tsx'
import { groupAlarms } from '../alarms/grouping.ts'
import {
  ALARM_STATES,
  type AlarmQuestion,
  alarmQueryOf,
  alarmQuestionOf,
  HANDLING_CHOICES,
  isFiltered,
  PAGE_ALARMS,
} from '../alarms/question.ts'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber, spaced } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { useHeld } from '../ui/useHeld.ts'
import { useSearch } from './useSearch.ts'

type Change = (changes: Readonly<Record<string, string | undefined>>) => void

/** Scope, handling, rule and site; each stands in the address. */
function AlarmFilters({ question, change }: { question: AlarmQuestion; change: Change }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const rules = useRead('rules', {}, {}).data ?? []
  const sites = useRead('sites', {}, {}).data ?? []
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
      <Select
        showSearch
        optionFilterProp="label"
        aria-label={words.alarms.site}
        value={question.site}
        popupMatchSelectWidth={false}
        onChange={(site) => change({ site, before: undefined })}
        options={[
          { value: '', label: words.alarms.allSites },
          ...sites.map(({ site, name }) => ({ value: site, label: spaced(name) })),
        ]}
      />
    </>
  )
}

/** Alarms, newest first, by cause; the filter stands in the address, and the list lives. */
export function AlarmsPage(): ReactNode {
  const words = useWords()
  const [search, change] = useSearch()
  const question = useMemo(() => alarmQuestionOf(search), [search])
  const query = useRead('alarms', {}, alarmQueryOf(question), { refreshMs: 30_000 })
  const { shown, hold } = useHeld(query.data)
  const groups = useMemo(() => groupAlarms(shown?.alarms ?? []), [shown])
  const oldest = shown?.alarms.at(-1)?.alarm
  const full = (shown?.alarms.length ?? 0) >= PAGE_ALARMS
  return (
    <>
      <PageHead title={words.alarms.title} aside={<Link to={paths.rules()}>{words.alarms.rules}</Link>}>
        <AlarmFilters question={question} change={change} />
      </PageHead>
      <Panel
        title={
          query.data ? (
            <GradeCounts
              counts={query.data.counts}
              chosen={question.grade}
              onChoose={(grade) => change({ grade, before: undefined })}
            />
          ) : null
        }
        extra={
          query.data
            ? `${words.alarms.suppressedCount(formatNumber(query.data.counts.suppressed))} · ${words.alarms.shelvedCount(formatNumber(query.data.counts.shelved))}`
            : null
        }
      >
        <Loaded query={query} lines={16}>
          {() =>
            groups.length === 0 ? (
              <p className="quiet">
                {isFiltered(question) ? words.alarms.emptyFiltered : words.alarms.empty}
              </p>
            ) : (
              <div {...hold}>
                <AlarmTable groups={groups} />
              </div>
            )
          }
        </Loaded>
        {full || question.before ? (
          <nav className="pager">
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
        ) : null}
      </Panel>
    </>
  )
}
