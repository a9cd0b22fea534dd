import type { ReactNode } from 'react'
import './ui.css'

/** A share from 0 to 1 as a bar. */
export function Bar({ share, colour }: { share: number; colour?: string }): ReactNode {
  const width = `${Math.max(0, Math.min(1, share)) * 100}%`
  return (
    <div className="bar">
      <i style={colour ? { width, background: colour } : { width }} />
    </div>
  )
}
