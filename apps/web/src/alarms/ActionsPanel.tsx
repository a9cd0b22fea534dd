import { ALARM_ACTION_TABLE, LONGEST_NOTE } from '@oiltrail/domain'
import { Input, Select } from 'antd'
import { type ReactNode, useState } from 'react'
import type { Administrator } from '../admin.ts'
import type { Answer } from '../api/endpoints.ts'
import { signature, useAct } from '../api/useAct.ts'
import { TokenGate } from '../parts/TokenGate.tsx'
import { Trouble } from '../parts/Trouble.tsx'
import { useWords } from '../settings.tsx'
import { Panel } from '../ui/Panel.tsx'

type Detail = Answer<'alarm'>
type Action = Detail['actions'][number]

/** Spans one may shelve for; the longest is eight hours by law of the platform. */
const SHELF_MINUTES = [30, 60, 120, 240, 480] as const

interface FormProps {
  readonly alarm: Detail
  readonly action: Action
  readonly administrator: Administrator
  readonly onDone: () => void
}

/** Reason and, for shelving, how long; then the call. */
function ActionForm({ alarm, action, administrator, onDone }: FormProps): ReactNode {
  const words = useWords()
  const [note, setNote] = useState('')
  const [minutes, setMinutes] = useState<number>(60)
  const { busy, error, run } = useAct('handleAlarm', administrator, ['alarm', 'alarms', 'alarmPlaces'])
  const needsNote = ALARM_ACTION_TABLE[action].note
  const ready = !busy && (!needsNote || note.trim() !== '')
  const submit = async (): Promise<void> => {
    const order = {
      action,
      // The log takes one line; a person may have typed several.
      note: note.trim().replace(/\s*\n\s*/g, ' '),
      ...(action === 'shelve' ? { minutes } : {}),
      ...signature(administrator),
    }
    if (await run({ alarm: alarm.alarm }, order)) onDone()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) void submit()
      }}
    >
      <div className="action-form">
        <Input.TextArea
          autoFocus
          autoSize={{ minRows: 2, maxRows: 6 }}
          maxLength={LONGEST_NOTE}
          aria-label={words.alarm.note}
          placeholder={needsNote ? words.alarm.noteHint : words.alarm.noteOptional}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        {action === 'shelve' ? (
          <Select
            aria-label={words.alarm.minutes}
            value={minutes}
            onChange={setMinutes}
            options={SHELF_MINUTES.map((value) => ({ value, label: words.alarm.minutesOption(value) }))}
          />
        ) : null}
        <button type="submit" className="button" data-primary="true" disabled={!ready}>
          {words.alarm.action[action]}
        </button>
        <button type="button" className="button" onClick={onDone}>
          {words.alarm.cancel}
        </button>
      </div>
      {error ? <Trouble error={error} /> : null}
    </form>
  )
}

/** What people may do with an alarm now, for an administrator. */
export function ActionsPanel({ alarm }: { alarm: Detail }): ReactNode {
  const words = useWords()
  const [chosen, setChosen] = useState<Action>()
  if (alarm.actions.length === 0) return null
  return (
    <Panel title={words.alarm.actions} extra={words.handling[alarm.handling]}>
      <TokenGate reason={words.alarm.needToken}>
        {(administrator) => (
          <>
            <p className="action-row">
              {alarm.actions.map((action, i) => (
                <button
                  key={action}
                  type="button"
                  className="button"
                  data-primary={chosen ? chosen === action : i === 0}
                  aria-pressed={chosen === action}
                  onClick={() => setChosen(chosen === action ? undefined : action)}
                >
                  {words.alarm.action[action]}
                </button>
              ))}
              {alarm.shelvable ? null : <span className="small faint">{words.alarm.notShelvable}</span>}
            </p>
            {chosen && alarm.actions.includes(chosen) ? (
              <ActionForm
                key={chosen}
                alarm={alarm}
                action={chosen}
                administrator={administrator}
                onDone={() => setChosen(undefined)}
              />
            ) : null}
          </>
        )}
      </TokenGate>
    </Panel>
  )
}
