import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Answer } from '../api/endpoints.ts'
import { useRead } from '../api/queries.ts'
import { Age } from '../parts/Age.tsx'
import { Loaded } from '../parts/Loaded.tsx'
import { paths } from '../paths.ts'
import { useSettings, useWords } from '../settings.tsx'
import { formatNumber } from '../text/format.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Column, Table } from '../ui/Table.tsx'
import { codeWords } from './codes.ts'

type ByCode = Answer<'refusals'>['byCode'][number]
type RefusedRecord = Answer<'refusals'>['records'][number]

/** What was refused or not believed, by code, and the newest such records. */
export function RefusalPanel(): ReactNode {
  const words = useWords()
  const { language } = useSettings()
  const query = useRead('refusals', {}, {}, { refreshMs: 15_000 })
  const codes: Column<ByCode>[] = [
    { key: 'code', title: words.log.code, cell: (row) => <span className="mono">{row.code}</span> },
    { key: 'meaning', title: words.log.meaning, cell: (row) => codeWords(row.code, language) },
    { key: 'batches', title: words.log.batches, right: true, cell: (row) => formatNumber(row.batches) },
    { key: 'records', title: words.log.records, right: true, cell: (row) => formatNumber(row.records) },
    { key: 'last', title: words.log.lastAt, right: true, cell: (row) => <Age at={row.lastAt} /> },
  ]
  const records: Column<RefusedRecord>[] = [
    {
      key: 'position',
      title: words.log.position,
      right: true,
      cell: (row) => <Link to={paths.entry(row.position)}>#{formatNumber(row.position)}</Link>,
    },
    { key: 'device', title: words.log.device, cell: (row) => <span className="mono">{row.device}</span> },
    { key: 'seq', title: words.log.sequence, right: true, cell: (row) => formatNumber(row.seq) },
    { key: 'code', title: words.log.meaning, cell: (row) => codeWords(row.code, language) },
    { key: 'detail', title: words.log.detail, cell: (row) => <span className="soft">{row.detail}</span> },
  ]
  return (
    <Panel title={words.log.refusals}>
      <Loaded query={query}>
        {(data) =>
          data.byCode.length === 0 ? (
            <p className="quiet">{words.empty.refusals}</p>
          ) : (
            <>
              <Table
                columns={codes}
                rows={data.byCode}
                rowKey={(row) => row.code}
                empty={words.empty.refusals}
              />
              {data.records.length > 0 ? (
                <>
                  <h3 className="log-sub">{words.log.refusedRecords}</h3>
                  <Table
                    columns={records}
                    rows={data.records.slice(0, 20)}
                    rowKey={(row) => `${row.position}.${row.seq}`}
                    empty={words.empty.refusals}
                  />
                </>
              ) : null}
            </>
          )
        }
      </Loaded>
    </Panel>
  )
}
