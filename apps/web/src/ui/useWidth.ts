import { type RefObject, useEffect, useState } from 'react'

/** Width of an element in px, renewed when it changes; `before` until it is known. */
export function useWidth(element: RefObject<HTMLElement | null>, before: number): number {
  const [width, setWidth] = useState(before)
  useEffect(() => {
    const place = element.current
    if (!place) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.round(entry.contentRect.width))
    })
    observer.observe(place)
    return () => observer.disconnect()
  }, [element])
  return width
}
