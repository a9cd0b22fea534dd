import { Select } from 'antd'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { useOverview, useRead } from '../api/queries.ts'
import { PageHead } from '../frame/PageHead.tsx'
import { CheckpointPanel } from '../log/CheckpointPanel.tsx'
import { EntryTable } from '../log/EntryTable.tsx'
import '../log/log.css'
import { RefusalPanel } from '../log/RefusalPanel.tsx'
import { VerifyPanel } from '../log/VerifyPanel.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { Panel } from '../ui/Panel.tsx'
import { useHeld } from '../ui/useHeld.ts'
import { oneOf, useSearch } from './useSearch.ts'

const TYPES = ['', 'batch', 'refusal', 'desk'] as const
const PAGE_ENTRIES = 20

interface EntryFiltersProps {
  readonly type: (typeof TYPES)[number]
  readonly devices: readonly string[]
  readonly device: string
  /** The newest entries are shown. */
  readonly newest: boolean
  /** Position below which older entries stand; undefined or 0 at the beginning of the log. */
  readonly older: number | undefined
  readonly onChange: (changes: Readonly<Record<string, string | undefined>>) => void
}

/** Which entries are listed, and turning to older ones. */
function EntryFilters(props: EntryFiltersProps): ReactNode {
  const words = useWords()
  return (
    <span className="log-filters">
      <Select
        size="small"
        aria-label={words.log.type}
        value={props.type}
        onChange={(value) => props.onChange({ type: value, before: undefined })}
        options={TYPES.map((value) => ({
          value,
          label: value === '' ? words.log.allTypes : words.entryType[value],
        }))}
      />
      <Select
        size="small"
        showSearch
        popupMatchSelectWidth={false}
        aria-label={words.log.device}
        value={props.devices.includes(props.device) ? props.device : ''}
        onChange={(value) => props.onChange({ device: value, before: undefined })}
        options={[
          { value: '', label: words.log.allDevices },
          ...props.devices.map((value) => ({ value, label: value })),
        ]}
      />
      <button
        type="button"
        className="button"
        disabled={props.newest}
        onClick={() => props.onChange({ before: undefined })}
      >
        {words.log.newest}
      </button>
      <button
        type="button"
        className="button"
        disabled={!props.older}
        onClick={() => props.onChange({ before: String(props.older) })}
      >
        {words.log.older} ›
      </button>
    </span>
  )
}

/** The log: its latest checkpoint, a box that proves a record, the entries, and what was refused. */
export function LogPage(): ReactNode {
  const words = useWords()
  const navigate = useNavigate()
  const [search, change] = useSearch()
  const overview = useOverview()
  const type = oneOf(search.get('type'), TYPES)
  const device = search.get('device') ?? ''
  const before = /^[0-9]{1,15}$/.test(search.get('before') ?? '') ? search.get('before') : null
  const channels = useRead('channels', {}, {}).data ?? []
  const devices = [...new Set(channels.map((channel) => channel.device))].sort()
  const entries = useRead(
    'entries',
    {},
    {
      limit: PAGE_ENTRIES,
      ...(type ? { type } : {}),
      ...(devices.includes(device) ? { device } : {}),
      ...(before ? { before } : {}),
    },
    { refreshMs: before ? false : 3_000 },
  )
  const { shown, hold } = useHeld(entries.data)
  const rows = entries.data ?? []
  return (
    <>
      <PageHead title={words.log.title} />
      <div className="columns">
        <CheckpointPanel log={overview.data?.log} />
        <VerifyPanel devices={devices} />
      </div>
      <Panel
        title={words.cockpit.log}
        extra={
          <EntryFilters
            type={type}
            devices={devices}
            device={device}
            newest={!before}
            older={rows.length < PAGE_ENTRIES ? undefined : rows.at(-1)?.position}
            onChange={change}
          />
        }
      >
        <div {...hold}>
          <Loaded query={entries} lines={20}>
            {(read) => (
              <EntryTable
                entries={shown ?? read}
                onOpen={(position) => void navigate(paths.entry(position))}
              />
            )}
          </Loaded>
        </div>
      </Panel>
      <RefusalPanel />
    </>
  )
}
