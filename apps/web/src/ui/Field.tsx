import { type ReactNode, useId } from 'react'
import './ui.css'

/** What a control needs to belong to its label and to what is wrong with it. */
export interface FieldBinding {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': boolean
}

interface FieldProps {
  readonly label: ReactNode
  /** What is wrong; beneath the control, and read out with it. */
  readonly fault?: string | undefined
  /** What ought to be thought over; shown where nothing is wrong. */
  readonly warning?: string | undefined
  readonly wide?: boolean
  readonly children: (binding: FieldBinding) => ReactNode
}

/** A control with its label above and what is wrong beneath. */
export function Field({ label, fault, warning, wide, children }: FieldProps): ReactNode {
  const id = useId()
  const says = fault ?? warning
  return (
    <div className="field" data-wide={wide}>
      <label htmlFor={id} className="small soft">
        {label}
      </label>
      {children({
        id,
        'aria-describedby': says ? `${id}-says` : undefined,
        'aria-invalid': fault !== undefined,
      })}
      {says ? (
        <p id={`${id}-says`} className="small field-says" data-fault={fault !== undefined}>
          {says}
        </p>
      ) : null}
    </div>
  )
}
