import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatMoment } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { factLabel, factText, settingText } from './facts.ts'

type Detail = Answer<'alarm'>
type SettingRow = Detail['settings'][number]

/** The rule that fired, the clause it rests on, and the settings that were in force. */
export function WhyPanel({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const columns: Column<SettingRow>[] = [
    { key: 'label', title: words.alarm.setting, cell: (row) => row.label[language] },
    {
      key: 'value',
      title: words.alarm.value,
      right: true,
      cell: (row) => (
        <>
          <strong>{settingText(row.value, row.unit)}</strong>{' '}
          <span className="small faint">
            {row.value === row.default
              ? words.alarm.asDefault
              : words.alarm.changed(settingText(row.default, row.unit))}
          </span>
        </>
      ),
    },
    {
      key: 'source',
      title: words.alarm.source,
      cell: (row) => (
        <span className="soft">
          {row.source} · {row.effective}
        </span>
      ),
    },
  ]
  return (
    <Panel
      title={words.alarm.why}
      extra={
        <>
          <Link to={paths.rule(alarm.rule)}>{alarm.title[language]}</Link>
          {' · '}
          {words.alarm.ruleVersion(alarm.version)}
        </>
      }
      className="half"
    >
      <p className="why-clause">
        <span className="faint">{words.alarm.clause}</span> {alarm.clause[language]}
      </p>
      <Table
        columns={columns}
        rows={alarm.settings}
        rowKey={(row) => row.key}
        empty={words.alarm.noSettings}
      />
    </Panel>
  )
}

/** The exact facts of the case: as first found, and as found last when that differs. */
export function FactsPanel({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const keys = [...new Set([...Object.keys(alarm.first.facts), ...Object.keys(alarm.latest.facts)])]
  const twice = alarm.count > 1
  const cell = (found: Detail['first'], key: string): string => {
    const value = found.facts[key]
    return value === undefined ? '—' : factText(key, value, language, words)
  }
  return (
    <Panel title={words.alarm.facts} className="half">
      <div className="table-scroll">
        <table className="table fact-table">
          {twice ? (
            <thead>
              <tr>
                <th aria-label={words.alarm.facts} />
                <th className="right">{words.alarm.firstFacts}</th>
                <th className="right">{words.alarm.latestFacts}</th>
              </tr>
            </thead>
          ) : null}
          <tbody>
            {keys.map((key) => (
              <tr key={key}>
                <td className="soft">{factLabel(key, words)}</td>
                <td className="right">{cell(alarm.first, key)}</td>
                {twice ? <td className="right">{cell(alarm.latest, key)}</td> : null}
              </tr>
            ))}
            {(['from', 'to'] as const).map((end) => (
              <tr key={end}>
                <td className="soft">{words.alarm[end]}</td>
                <td className="right">{formatMoment(alarm.first[end])}</td>
                {twice ? <td className="right">{formatMoment(alarm.latest[end])}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
