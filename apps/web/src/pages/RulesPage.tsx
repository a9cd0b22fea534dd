import type { ReactNode } from 'react'
import { Link } from 'react-router'
import '../alarms/alarms.css'
import { useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { RuleDetail } from '../rules/RuleDetail.tsx'
import { RuleList } from '../rules/RuleList.tsx'
import '../rules/rules.css'
import { useSettings, useWords } from '../settings.tsx'
import { Panel } from '../ui/Panel.tsx'
import { useSearch } from './useSearch.ts'

/** All alarm rules and how they fare; one of them, named in the address, with its settings and their changes. */
export function RulesPage(): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const [search, change] = useSearch()
  const query = useRead('rules', {}, {}, { refreshMs: 30_000 })
  const chosen = query.data?.find((rule) => rule.rule === search.get('rule'))
  const alarms = <Link to={paths.alarms()}>{words.alarms.title}</Link>
  return (
    <>
      <PageHead
        title={chosen ? chosen.title[language] : words.rules.title}
        crumb={
          chosen ? (
            <>
              {alarms} › <Link to={paths.rules()}>{words.rules.title}</Link>
            </>
          ) : (
            alarms
          )
        }
        aside={chosen ? <AlarmGradeTag grade={chosen.grade} /> : null}
      />
      <Loaded query={query} lines={20}>
        {(rules) =>
          chosen ? (
            <RuleDetail rule={chosen} rules={rules} />
          ) : (
            <Panel>
              <RuleList rules={rules} onOpen={(rule) => change({ rule })} />
            </Panel>
          )
        }
      </Loaded>
    </>
  )
}
