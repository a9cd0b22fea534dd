import { type RefObject, useEffect } from 'react'

/** Keys that go down and up the list; the arrows only when it has the focus already, because elsewhere they scroll. */
const STEPS: Readonly<Record<string, number>> = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }
const TYPING = 'input, textarea, select, [contenteditable], [role="combobox"], [role="listbox"]'

/** Moves the focus among the links `a[data-row]` within an element by J and K, or the arrows. Enter is the browser's own. */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const step = STEPS[event.key]
      const target = event.target
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      if (target instanceof Element && target.closest(TYPING)) return
      const rows = [...(list.current?.querySelectorAll<HTMLAnchorElement>('a[data-row]') ?? [])]
      const at = rows.indexOf(document.activeElement as HTMLAnchorElement)
      if (at < 0 && event.key.startsWith('Arrow')) return
      const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)]
      if (!next) return
      event.preventDefault()
      next.focus()
      next.scrollIntoView({ block: 'nearest' })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [list])
}
