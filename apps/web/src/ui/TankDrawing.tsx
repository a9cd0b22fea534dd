import { type ReactNode, useId } from 'react'
import { levelOfShare, type TankShape } from './tankShape.ts'

interface TankDrawingProps {
  readonly shape: TankShape
  /** Pixels per millimetre: the same for all tanks of a page. */
  readonly scale: number
  readonly colour: string
  /** Levels as shares of the height, 0…1; undefined when nothing is known. */
  readonly level: number | undefined
  readonly water: number
  /** Share of the capacity up to which the tank may be filled. */
  readonly safeShare: number
  readonly label: string
}

/** A tank from the side, to scale: contents, water beneath, line of the safe fill. Unknown contents are hatched. */
export function TankDrawing(props: TankDrawingProps): ReactNode {
  const id = useId()
  const width = props.shape.length * props.scale
  const height = props.shape.height * props.scale
  const radius = props.shape.lying ? Math.min(height * 0.22, width / 2) : 2
  const safe = props.shape.lying ? levelOfShare(props.safeShare) : props.safeShare
  const y = (share: number): number => height * (1 - share)
  return (
    <svg
      className="tank-drawing"
      width={width + 2}
      height={height + 2}
      viewBox={`-1 -1 ${width + 2} ${height + 2}`}
      role="img"
      aria-label={props.label}
    >
      <defs>
        <clipPath id={`${id}c`}>
          <rect width={width} height={height} rx={radius} />
        </clipPath>
        <pattern
          id={`${id}h`}
          width="7"
          height="7"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <line x1="0" y1="0" x2="0" y2="7" stroke="var(--hatch)" strokeWidth="2" />
        </pattern>
      </defs>
      <g clipPath={`url(#${id}c)`}>
        <rect width={width} height={height} fill="var(--raised)" />
        {props.level === undefined ? (
          <rect width={width} height={height} fill={`url(#${id}h)`} />
        ) : (
          <>
            <rect y={y(props.level)} width={width} height={height} fill={props.colour} />
            <rect y={y(props.water)} width={width} height={height} fill="var(--water)" />
          </>
        )}
      </g>
      <line
        x1="0"
        x2={width}
        y1={y(safe)}
        y2={y(safe)}
        stroke="var(--ink)"
        strokeDasharray="4 3"
        strokeWidth="1"
      />
      <rect width={width} height={height} rx={radius} fill="none" stroke="var(--inkSoft)" strokeWidth="1.2" />
    </svg>
  )
}
