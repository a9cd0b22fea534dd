import { Fragment, type ReactNode, useRef, useState } from 'react'
import { Link } from 'react-router'
import { Age } from '../parts/Age.tsx'
import { AlarmGradeTag } from '../parts/AlarmGradeTag.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatShortMoment } from '../text/format.ts'
import { DueText, PresenceText, QuietReason } from './AlarmLine.tsx'
import './alarms.css'
import type { Alarm, AlarmGroup } from './grouping.ts'
import { useRowKeys } from './useRowKeys.ts'

interface RowProps {
  readonly alarm: Alarm
  readonly under?: boolean
  readonly children?: ReactNode
}

function Row({ alarm, under = false, children }: RowProps): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  return (
    <tr data-under={under} data-finished={alarm.finishedAt !== undefined}>
      <td className="alarm-cell-grade">
        <AlarmGradeTag grade={alarm.grade} />
      </td>
      <td className="alarm-cell-sentence">
        <Link data-row to={paths.alarm(alarm.alarm)}>
          {alarm.sentence[language]}
        </Link>{' '}
        {children} <QuietReason alarm={alarm} />
      </td>
      <td className="alarm-cell-rule soft">
        <Link to={paths.rule(alarm.rule)}>{alarm.title[language]}</Link>
      </td>
      <td className={alarm.handling === 'waiting' ? 'alarm-waiting' : 'soft'}>
        {words.handling[alarm.handling]} <DueText alarm={alarm} />
      </td>
      <td className="soft">
        <PresenceText alarm={alarm} />
      </td>
      <td className="right wide-only">{formatShortMoment(alarm.openedAt)}</td>
      <td className="right">
        <Age at={alarm.lastSeenAt} />
      </td>
    </tr>
  )
}

function Head(): ReactNode {
  const words = useWords()
  return (
    <thead>
      <tr>
        <th scope="col">{words.alarms.grade}</th>
        <th scope="col">{words.alarms.sentence}</th>
        <th scope="col" className="alarm-cell-rule">
          {words.alarms.rule}
        </th>
        <th scope="col">{words.alarms.handling}</th>
        <th scope="col">{words.alarms.presence}</th>
        <th scope="col" className="right wide-only">
          {words.alarms.opened}
        </th>
        <th scope="col" className="right">
          {words.alarms.lastSeen}
        </th>
      </tr>
    </thead>
  )
}

/** Alarms by cause; what belongs to one cause unfolds under the one that leads. J and K go down and up, Enter opens. */
export function AlarmTable({ groups }: { groups: readonly AlarmGroup[] }): ReactNode {
  const words = useWords()
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const list = useRef<HTMLDivElement>(null)
  useRowKeys(list)
  const toggle = (key: string): void =>
    setOpen((old) => {
      const next = new Set(old)
      if (!next.delete(key)) next.add(key)
      return next
    })
  return (
    <div className="table-scroll" ref={list}>
      <table className="table alarm-table">
        <Head />
        <tbody>
          {groups.map(({ key, head, others }) => (
            <Fragment key={key}>
              <Row alarm={head}>
                {others.length > 0 ? (
                  <button
                    type="button"
                    className="alarm-more"
                    aria-expanded={open.has(key)}
                    onClick={() => toggle(key)}
                  >
                    {open.has(key) ? words.alarms.fold : words.alarms.more(others.length + 1)}
                  </button>
                ) : null}
              </Row>
              {open.has(key) ? others.map((alarm) => <Row key={alarm.alarm} alarm={alarm} under />) : null}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
}
