import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatBytes, formatMoment, formatNumber, shortHash } from '../text/format.ts'
import type { Words } from '../text/zh.ts'
import { type Column, Table } from '../ui/Table.tsx'
import { codeWords } from './codes.ts'

type Entry = Answer<'entries'>[number]

/** What a code or action means, in words. */
export function meaningOf(
  entry: { type: string; code?: string | undefined },
  words: Words,
  language: 'zh' | 'en',
): string {
  if (!entry.code) return ''
  return entry.type === 'desk'
    ? (words.deskAction[entry.code] ?? entry.code)
    : codeWords(entry.code, language)
}

/** `1,204 – 1,205`, or one number when both are the same. */
export function sequenceText(entry: { firstSeq?: number | undefined; lastSeq?: number | undefined }): string {
  if (entry.firstSeq === undefined) return '—'
  const last = entry.lastSeq ?? entry.firstSeq
  return entry.firstSeq === last
    ? formatNumber(last)
    : `${formatNumber(entry.firstSeq)} – ${formatNumber(last)}`
}

/** Log entries, newest first. */
export function EntryTable({
  entries,
  onOpen,
}: {
  entries: readonly Entry[]
  onOpen: (position: number) => void
}): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const columns: Column<Entry>[] = [
    {
      key: 'position',
      title: words.log.position,
      right: true,
      cell: (e) => <Link to={paths.entry(e.position)}>#{formatNumber(e.position)}</Link>,
    },
    { key: 'at', title: words.log.received, cell: (e) => formatMoment(e.receivedAt) },
    {
      key: 'type',
      title: words.log.type,
      cell: (e) => (
        <span className={e.type === 'refusal' ? 'line-bad' : undefined}>
          {e.type === 'refusal' ? '▲ ' : ''}
          {words.entryType[e.type]}
        </span>
      ),
    },
    {
      key: 'device',
      title: words.log.device,
      cell: (e) => (e.device ? <span className="mono">{e.device}</span> : <span className="faint">—</span>),
    },
    {
      key: 'channel',
      title: words.log.channel,
      cell: (e) => (e.channel ? words.channel[e.channel] : <span className="faint">—</span>),
    },
    { key: 'seq', title: words.log.sequence, right: true, cell: sequenceText },
    {
      key: 'code',
      title: words.log.meaning,
      cell: (e) => <span className="soft">{meaningOf(e, words, language)}</span>,
    },
    { key: 'bytes', title: words.log.bytes, right: true, cell: (e) => formatBytes(e.bytes) },
    {
      key: 'hash',
      title: words.log.hash,
      cell: (e) => (
        <span className="mono" title={e.rawHash}>
          {shortHash(e.rawHash)}
        </span>
      ),
    },
  ]
  return (
    <Table
      columns={columns}
      rows={entries}
      rowKey={(e) => String(e.position)}
      empty={words.empty.entries}
      onRow={(e) => onOpen(e.position)}
    />
  )
}
