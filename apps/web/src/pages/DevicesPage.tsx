import type { ReactNode } from 'react'
import { useOverview, useRead } from '../api/queries.ts'
import { ChannelTable, GapTable } from '../devices/tables.tsx'
import { PageHead } from '../frame/PageHead.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Choice } from '../ui/Choice.tsx'
import { Figure } from '../ui/Figure.tsx'
import { Panel } from '../ui/Panel.tsx'
import { oneOf, useSearch } from './useSearch.ts'

const SHOWN = ['all', 'trouble'] as const

function Totals(): ReactNode {
  const words = useWords()
  const overview = useOverview()
  return (
    <Panel>
      <Loaded query={overview} lines={2}>
        {({ channels }) => {
          const facts: readonly [string, string, string?][] = [
            [
              words.devices.online,
              channels.total > 0
                ? formatNumber(Math.floor((channels.online / channels.total) * 1000) / 10, 1)
                : '—',
              '%',
            ],
            [words.devices.channels, formatNumber(channels.total)],
            [words.devices.offline, formatNumber(channels.total - channels.online)],
            [words.devices.withFaults, formatNumber(channels.withFaults)],
            [words.devices.openGaps, formatNumber(channels.openGaps)],
            [words.devices.missing, formatNumber(channels.missingRecords)],
          ]
          return (
            <dl className="facts">
              {facts.map(([label, value, unit]) => (
                <div key={label} className="fact-large">
                  <dt>{label}</dt>
                  <dd>
                    <Figure value={value} {...(unit ? { unit } : {})} live />
                  </dd>
                </div>
              ))}
            </dl>
          )
        }}
      </Loaded>
    </Panel>
  )
}

/** Health of every collector channel, and the holes in the record. */
export function DevicesPage(): ReactNode {
  const words = useWords()
  const [search, change] = useSearch()
  const shown = oneOf(search.get('show'), SHOWN)
  const channels = useRead('channels', {}, {}, { refreshMs: 15_000 })
  const gaps = useRead('gaps', {}, {}, { refreshMs: 15_000 })
  return (
    <>
      <PageHead title={words.devices.title}>
        <Choice
          label={words.devices.state}
          value={shown}
          options={[
            { value: 'all', label: words.devices.all },
            { value: 'trouble', label: words.devices.onlyTrouble },
          ]}
          onChange={(value) => change({ show: value === 'all' ? undefined : value })}
        />
      </PageHead>
      <Totals />
      <Panel title={words.devices.channels}>
        <Loaded query={channels} lines={16}>
          {(rows) => (
            <ChannelTable
              withSite
              channels={rows.filter(
                (row) => shown === 'all' || !row.online || row.faults.length > 0 || row.openGaps > 0,
              )}
            />
          )}
        </Loaded>
      </Panel>
      <Panel title={words.devices.gapList}>
        <Loaded query={gaps}>{(rows) => <GapTable gaps={rows} empty={words.empty.gapsAll} />}</Loaded>
      </Panel>
    </>
  )
}
