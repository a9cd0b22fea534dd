import type { ReactNode } from 'react'
import './ui.css'

/** A column: how a row's cell is made, and which way it leans. */
export interface Column<Row> {
  readonly key: string
  readonly title: ReactNode
  readonly right?: boolean
  /** Left out on a phone, where the other columns say enough. */
  readonly wideOnly?: boolean
  readonly cell: (row: Row) => ReactNode
  /** Cell of the totals row. */
  readonly total?: ReactNode
}

interface TableProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  /** Shown instead of rows when there are none. */
  readonly empty: ReactNode
  /** What a click on a row does; rows then lift under the pointer. */
  readonly onRow?: (row: Row) => void
  readonly totals?: boolean
  /** On a phone each row becomes a block of names and values, so that no column is out of sight. For few rows. */
  readonly stacked?: boolean
}

/** A dense table: one line a row, numbers to the right, totals at the foot; wider than its place it scrolls by itself. */
export function Table<Row>({
  columns,
  rows,
  rowKey,
  empty,
  onRow,
  totals,
  stacked,
}: TableProps<Row>): ReactNode {
  if (rows.length === 0) return <p className="quiet">{empty}</p>
  const side = (column: Column<Row>): string | undefined =>
    [column.right ? 'right' : '', column.wideOnly ? 'wide-only' : ''].join(' ').trim() || undefined
  return (
    <div className="table-scroll">
      <table className="table" data-stacked={stacked}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} className={side(column)} scope="col">
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              data-link={onRow ? true : undefined}
              onClick={onRow ? () => onRow(row) : undefined}
            >
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={side(column)}
                  data-title={typeof column.title === 'string' ? column.title : undefined}
                >
                  {stacked ? <span>{column.cell(row)}</span> : column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {totals ? (
          <tfoot>
            <tr>
              {columns.map((column) => (
                <td key={column.key} className={side(column)}>
                  {column.total}
                </td>
              ))}
            </tr>
          </tfoot>
        ) : null}
      </table>
    </div>
  )
}
