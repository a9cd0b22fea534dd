import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import { paths } from '../paths.ts'
import { type Language, useSettings, useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { type Column, Table } from '../ui/Table.tsx'
import { falsePercent } from './propose.ts'

export type RuleRow = Answer<'rules'>[number]

const VERDICTS = ['alert', 'attention', 'normal', 'insufficient'] as const

function ruleColumns(words: Words, language: Language): Column<RuleRow>[] {
  return [
    {
      key: 'grade',
      title: words.rules.grade,
      cell: (rule) => <AlarmGradeTag grade={rule.grade} />,
    },
    {
      key: 'rule',
      title: words.rules.rule,
      cell: (rule) => <Link to={paths.rule(rule.rule)}>{rule.title[language]}</Link>,
    },
    {
      key: 'clause',
      title: words.rules.clause,
      wideOnly: true,
      cell: (rule) => (
        <span className="soft rule-clause" title={rule.clause[language]}>
          {rule.clause[language]}
        </span>
      ),
    },
    {
      key: 'open',
      title: words.rules.open,
      right: true,
      cell: (rule) =>
        rule.openAlarms > 0 ? (
          <Link to={`${paths.alarms()}?rule=${rule.rule}`}>{formatNumber(rule.openAlarms)}</Link>
        ) : (
          <span className="faint">0</span>
        ),
    },
    { key: 'recent', title: words.rules.recent, right: true, cell: (rule) => formatNumber(rule.alarms30) },
    {
      key: 'false',
      title: words.rules.falseShare,
      right: true,
      wideOnly: true,
      cell: (rule) => {
        const share = falsePercent(rule)
        return share === undefined ? <span className="faint">—</span> : `${formatNumber(share, 0)} %`
      },
    },
    {
      key: 'verdicts',
      title: words.rules.verdicts,
      wideOnly: true,
      cell: (rule) => (
        <span className="small soft">
          {VERDICTS.filter((verdict) => rule.verdicts[verdict] > 0)
            .map((verdict) => `${words.rules.verdict[verdict]} ${formatNumber(rule.verdicts[verdict])}`)
            .join(' · ') || '—'}
        </span>
      ),
    },
  ]
}

/** Every rule and how it fares. */
export function RuleList({ rules, onOpen }: RuleListProps): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <Table
      columns={ruleColumns(words, language)}
      rows={rules}
      rowKey={(rule) => rule.rule}
      empty={words.empty.nothing}
      onRow={(rule) => onOpen(rule.rule)}
    />
  )
}
interface RuleListProps {
  readonly rules: readonly RuleRow[]
  readonly onOpen: (rule: string) => void
}
