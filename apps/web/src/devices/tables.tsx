import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { Age } from '../parts/Age.tsx'
import { paths } from '../paths.ts'
import { useWords } from '../settings.tsx'
import { formatNumber, formatShortMoment, spaced } from '../text/format.ts'
import { StateDot } from '../ui/StateDot.tsx'
import { type Column, Table } from '../ui/Table.tsx'

type Channel = Answer<'channels'>[number]
type Gap = Answer<'gaps'>[number]

/** Online or not, and whether it wants attention. */
function ChannelState({ channel: c }: { channel: Channel }): ReactNode {
  const words = useWords()
  if (c.lastReceivedAt === undefined) return <StateDot state="unknown" word={words.state.unknown} />
  if (!c.online) return <StateDot state="offline" word={words.devices.onlineNo} />
  const troubled = c.faults.length > 0 || c.openGaps > 0
  return <StateDot state={troubled ? 'attention' : 'ok'} word={words.devices.onlineYes} />
}

/** Faults that last, each with its age. */
function Faults({ channel }: { channel: Channel }): ReactNode {
  const words = useWords()
  if (channel.faults.length === 0) return <span className="faint">—</span>
  return channel.faults.map((fault) => (
    <span key={`${fault.event}${fault.subject}`} title={formatShortMoment(fault.since)} className="fault">
      {words.fault(fault.event, fault.subject)}{' '}
      <span className="small faint">
        <Age at={fault.since} />
      </span>
    </span>
  ))
}

/** Collector channels with their health. */
export function ChannelTable(props: { channels: readonly Channel[]; withSite?: boolean }): ReactNode {
  const words = useWords()
  const columns: Column<Channel>[] = [
    { key: 'device', title: words.devices.device, cell: (c) => <span className="mono">{c.device}</span> },
    { key: 'channel', title: words.devices.channel, cell: (c) => words.channel[c.channel] },
    ...(props.withSite
      ? [
          {
            key: 'site',
            title: words.devices.site,
            cell: (c: Channel) => <Link to={paths.site(c.site)}>{spaced(c.siteName)}</Link>,
          },
        ]
      : []),
    {
      key: 'state',
      title: words.devices.state,
      cell: (c) => <ChannelState channel={c} />,
    },
    {
      key: 'faults',
      title: words.devices.faults,
      cell: (c) => <Faults channel={c} />,
    },
    {
      key: 'gaps',
      title: words.devices.gaps,
      right: true,
      cell: (c) =>
        c.openGaps === 0 ? (
          <span className="faint">0</span>
        ) : (
          `${formatNumber(c.openGaps)} (${formatNumber(c.missingRecords)})`
        ),
    },
    { key: 'heard', title: words.devices.lastHeard, right: true, cell: (c) => <Age at={c.lastReceivedAt} /> },
    { key: 'seq', title: words.devices.lastSeq, right: true, cell: (c) => formatNumber(c.lastSeq) },
    { key: 'records', title: words.devices.records, right: true, cell: (c) => formatNumber(c.records) },
    {
      key: 'refused',
      title: words.devices.refused,
      right: true,
      cell: (c) => (c.refused === 0 ? <span className="faint">0</span> : formatNumber(c.refused)),
    },
  ]
  return (
    <Table
      columns={columns}
      rows={props.channels}
      rowKey={(c) => `${c.device}/${c.channel}`}
      empty={words.empty.channels}
    />
  )
}

/** Holes in the record: open ones first. */
export function GapTable({ gaps, empty }: { gaps: readonly Gap[]; empty: string }): ReactNode {
  const words = useWords()
  const columns: Column<Gap>[] = [
    { key: 'device', title: words.devices.device, cell: (g) => <span className="mono">{g.device}</span> },
    { key: 'channel', title: words.devices.channel, cell: (g) => words.channel[g.channel] },
    {
      key: 'state',
      title: words.devices.state,
      cell: (g) =>
        g.filledAt === undefined ? (
          <StateDot state="attention" word={words.devices.open} />
        ) : (
          <StateDot state="ok" word={words.devices.filledState} />
        ),
    },
    {
      key: 'range',
      title: words.devices.sequence,
      right: true,
      cell: (g) => `${formatNumber(g.firstSeq)} – ${formatNumber(g.lastSeq)}`,
    },
    {
      key: 'count',
      title: words.devices.count,
      right: true,
      cell: (g) =>
        g.missingRecords > 0
          ? `${formatNumber(g.missingRecords)} / ${formatNumber(g.lastSeq - g.firstSeq + 1)}`
          : formatNumber(g.lastSeq - g.firstSeq + 1),
    },
    { key: 'opened', title: words.devices.opened, right: true, cell: (g) => formatShortMoment(g.openedAt) },
    {
      key: 'filled',
      title: words.devices.filled,
      right: true,
      cell: (g) =>
        g.filledAt === undefined ? <span className="faint">—</span> : formatShortMoment(g.filledAt),
    },
  ]
  return (
    <Table
      columns={columns}
      rows={gaps.slice(0, 100)}
      rowKey={(g) => `${g.device}${g.channel}${g.firstSeq}${g.openedAt}`}
      empty={empty}
    />
  )
}
