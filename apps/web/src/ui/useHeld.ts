import { useRef, useState } from 'react'

/** A value that stands still while the pointer rests on what shows it, so that a list does not jump away from a click. */
export function useHeld<T>(value: T): {
  shown: T
  hold: { onPointerEnter: () => void; onPointerLeave: () => void }
} {
  const [held, setHeld] = useState<{ value: T }>()
  const newest = useRef(value)
  newest.current = value
  return {
    shown: held ? held.value : value,
    hold: {
      onPointerEnter: () => setHeld({ value: newest.current }),
      onPointerLeave: () => setHeld(undefined),
    },
  }
}
