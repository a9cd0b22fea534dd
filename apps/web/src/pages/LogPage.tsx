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
import { oneOf, useSearch } from './useSearch.ts'

const TYPES = ['', 'batch', 'refusal', 'desk'] as const
const PAGE_ENTRIES = 20

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
  const oldest = entries.data?.at(-1)?.position
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
          <span className="log-filters">
            <Select
              size="small"
              aria-label={words.log.type}
              value={type}
              onChange={(value) => change({ type: value, before: undefined })}
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
              value={devices.includes(device) ? device : ''}
              onChange={(value) => change({ device: value, before: undefined })}
              options={[
                { value: '', label: words.log.allDevices },
                ...devices.map((value) => ({ value, label: value })),
              ]}
            />
            <button
              type="button"
              className="button"
              disabled={!before}
              onClick={() => change({ before: undefined })}
            >
              {words.log.newest}
            </button>
            <button
              type="button"
              className="button"
              disabled={oldest === undefined || oldest === 0 || (entries.data?.length ?? 0) < PAGE_ENTRIES}
              onClick={() => change({ before: String(oldest) })}
            >
              {words.log.older} ›
            </button>
          </span>
        }
      >
        <Loaded query={entries} lines={20}>
          {(rows) => (
            <EntryTable entries={rows} onOpen={(position) => void navigate(paths.entry(position))} />
          )}
        </Loaded>
      </Panel>
      <RefusalPanel />
    </>
  )
}
