import type { ReactNode } from 'react'
import { Link } from 'react-router'
import { settingText } from '../alarms/facts.ts'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatMoment, formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { ProposePanel } from './ProposePanel.tsx'
import type { RuleRow } from './RuleList.tsx'
import './rules.css'

type Change = Answer<'ruleHistory'>[number]

function About({ rule, titles }: { rule: RuleRow; titles: ReadonlyMap<string, string> }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <Panel>
      <dl className="rule-about">
        <dt>{words.rules.clause}</dt>
        <dd>{rule.clause[language]}</dd>
        <dt>{words.rules.advice}</dt>
        <dd>{rule.advice[language]}</dd>
        <dt>{words.rules.reads}</dt>
        <dd className="mono">{rule.reads.join(' ')}</dd>
        {rule.suppressedBy.length > 0 ? (
          <>
            <dt>{words.rules.suppressedBy}</dt>
            <dd>
              {rule.suppressedBy.map((parent) => (
                <Link key={parent} to={paths.rule(parent)} className="rule-parent">
                  {titles.get(parent) ?? parent}
                </Link>
              ))}
            </dd>
          </>
        ) : null}
      </dl>
      <p className="small faint">
        {words.alarm.ruleVersion(rule.version)} ·{' '}
        {rule.shelvable ? words.rules.shelvable : words.rules.notShelvable}
      </p>
    </Panel>
  )
}

function History({ rule }: { rule: RuleRow }): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const query = useRead('ruleHistory', { rule: rule.rule }, {})
  const valueText = ([key, value]: [string, number]): string => {
    const setting = rule.settings.find((each) => each.key === key)
    return `${setting?.label[language] ?? key} ${settingText(value, setting?.unit ?? '')}`
  }
  const columns: Column<Change>[] = [
    { key: 'from', title: words.rules.from, cell: (row) => formatMoment(row.from) },
    { key: 'scope', title: words.rules.scope, cell: (row) => row.site || words.rules.county },
    {
      key: 'values',
      title: words.rules.values,
      cell: (row) => Object.entries(row.values).map(valueText).join(' · '),
    },
    { key: 'reason', title: words.rules.reason, cell: (row) => <span className="soft">{row.reason}</span> },
    { key: 'actor', title: words.rules.changedBy, cell: (row) => row.actor },
    {
      key: 'entry',
      title: words.rules.entry,
      right: true,
      cell: (row) => <Link to={paths.entry(row.position)}>#{formatNumber(row.position)}</Link>,
    },
  ]
  return (
    <Panel title={words.rules.history}>
      <Loaded query={query} lines={3}>
        {(rows) => (
          <Table
            columns={columns}
            rows={rows}
            rowKey={(row) => String(row.position)}
            empty={words.rules.noHistory}
          />
        )}
      </Loaded>
    </Panel>
  )
}

/** One rule: what it rests on, its settings, a change with its trial, and the changes before. */
export function RuleDetail({ rule, rules }: { rule: RuleRow; rules: readonly RuleRow[] }): ReactNode {
  const { language } = useSettings()
  const titles = new Map(rules.map((each) => [each.rule, each.title[language]]))
  return (
    <>
      <About rule={rule} titles={titles} />
      {rule.settings.length > 0 ? <ProposePanel key={rule.rule} rule={rule} /> : null}
      <History rule={rule} />
    </>
  )
}
