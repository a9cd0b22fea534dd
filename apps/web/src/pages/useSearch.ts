import { useCallback } from 'react'
import { useSearchParams } from 'react-router'

/** The state of a page as it stands in its address. Changing a key replaces the entry of the history; an empty value leaves it out. */
export function useSearch(): [
  URLSearchParams,
  (changes: Readonly<Record<string, string | undefined>>) => void,
] {
  const [search, setSearch] = useSearchParams()
  const change = useCallback(
    (changes: Readonly<Record<string, string | undefined>>) => {
      setSearch(
        (old) => {
          const next = new URLSearchParams(old)
          for (const [key, value] of Object.entries(changes))
            if (value === undefined || value === '') next.delete(key)
            else next.set(key, value)
          return next
        },
        { replace: true },
      )
    },
    [setSearch],
  )
  return [search, change]
}

/** The value of a key when it is one of those allowed, else the first of them. */
export function oneOf<const T extends readonly string[]>(text: string | null, allowed: T): T[number] {
  return text !== null && allowed.includes(text) ? text : (allowed[0] as T[number])
}

/** A whole number from 1 to `most`, else `otherwise`. */
export function wholeNumber(text: string | null, otherwise: number, most = Number.MAX_SAFE_INTEGER): number {
  return text !== null && /^[1-9][0-9]{0,15}$/.test(text) && Number(text) <= most ? Number(text) : otherwise
}
