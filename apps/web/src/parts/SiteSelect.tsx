import { Select } from 'antd'
import type { ReactNode } from 'react'
import { useRead } from '../api/queries.ts'
import { spaced } from '../text/format.ts'
import type { FieldBinding } from '../ui/Field.tsx'

interface SiteSelectProps {
  /** Code of the site; empty for all of them, or while none is chosen. */
  readonly value: string
  readonly onChange: (site: string) => void
  /** What choosing none is called; without it one has to be chosen. */
  readonly all?: string
  readonly label?: string
  readonly binding?: FieldBinding
}

/** Chooses one of the county's sites by name. */
export function SiteSelect({ value, onChange, all, label, binding }: SiteSelectProps): ReactNode {
  const sites = useRead('sites', {}, {}).data ?? []
  const none = all === undefined ? [] : [{ value: '', label: all }]
  return (
    <Select
      {...binding}
      {...(label ? { 'aria-label': label } : {})}
      {...(binding?.['aria-invalid'] ? { status: 'error' as const } : {})}
      showSearch={{ optionFilterProp: 'label' }}
      popupMatchSelectWidth={false}
      value={value === '' && all === undefined ? null : value}
      onChange={onChange}
      options={[...none, ...sites.map((row) => ({ value: row.site, label: spaced(row.name) }))]}
    />
  )
}
